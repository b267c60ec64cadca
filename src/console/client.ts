import type { CredentialHeaders } from './credential.js';

/** What a question that was not answered with data came to. `code` is the gateway's, or NETWORK or UNREADABLE. */
export class Failure extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly traceId: string | null = null,
  ) {
    super(message);
    this.name = 'Failure';
  }
}

type Variables = Readonly<Record<string, unknown>>;

/** Asks the graph with one caller's credential, which it alone holds. */
export interface Client {
  /** Resolves to the data. Rejects with {@link Failure}, or AbortError where `signal` was used. */
  ask<Data>(document: string, variables?: Variables, signal?: AbortSignal): Promise<Data>;
}

// Relative, so that a proxy may put the gateway below a path of its own.
const endpoint = 'graphql';

/** `onUnauthenticated` hears of every query that was refused for its credential. */
export function createClient(headers: CredentialHeaders, onUnauthenticated: (failure: Failure) => void): Client {
  return {
    async ask<Data>(document: string, variables: Variables = {}, signal?: AbortSignal) {
      try {
        return readAnswer<Data>(await send(headers, { query: document, variables }, signal));
      } catch (error) {
        if (error instanceof Failure && error.code === 'UNAUTHENTICATED') {
          onUnauthenticated(error);
        }
        throw error;
      }
    },
  };
}

interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly {
    readonly message?: string;
    readonly extensions?: { readonly code?: string; readonly traceId?: string };
  }[];
}

async function send(headers: CredentialHeaders, body: object, signal?: AbortSignal): Promise<Answer> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json', Accept: 'application/graphql-response+json' },
    body: JSON.stringify(body),
    // Nothing but the typed credential: a second one, such as the Basic one that opened this page, would be refused.
    credentials: 'omit',
    cache: 'no-store',
    redirect: 'error',
    ...(signal && { signal }),
  }).catch(rethrowAs('NETWORK', 'The gateway could not be reached.'));
  return response.json().catch(rethrowAs('UNREADABLE', `The answer could not be read (status ${response.status}).`));
}

function rethrowAs(code: string, message: string) {
  return (error: unknown): never => {
    throw isAbort(error) ? error : new Failure(code, message);
  };
}

function readAnswer<Data>({ data, errors }: Answer): Data {
  const [error] = errors ?? [];
  if (error || !data) {
    const { code = 'UNREADABLE', traceId = null } = error?.extensions ?? {};
    throw new Failure(code, error?.message ?? 'The answer holds no data.', traceId);
  }
  return data as Data;
}

export const isAbort = (error: unknown) => error instanceof DOMException && error.name === 'AbortError';
