import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Client } from './client.js';
import type { Viewer } from './directory.js';
import type { Documents } from './documents.js';

/** Who is signed in, and the way to the graph. Kept in memory only: gone with the tab, with a reload, or by signing out. */
export interface SignedIn {
  readonly client: Client;
  readonly documents: Documents;
  readonly viewer: Viewer;
}

export const SignedInContext = createContext<SignedIn | null>(null);

/** For what is shown to those who are signed in only. */
export function useSignedIn(): SignedIn {
  const signedIn = useContext(SignedInContext);
  if (!signedIn) {
    throw new Error('Nobody is signed in.');
  }
  return signedIn;
}
