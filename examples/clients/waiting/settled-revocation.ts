import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../command-line.js';
import { ask } from './gateway.js';

const query = `
  query ($id: ID!) {
    revocation(id: $id) { state code system }
  }`;

/** How long to wait for a removal that is PENDING, and how often to look. Milliseconds. */
export interface Patience {
  readonly firstMs: number;
  readonly longestMs: number;
  readonly totalMs: number;
}

export interface Revocation {
  readonly state: 'PENDING' | 'DONE' | 'REFUSED';
  readonly code: string | null;
  readonly system: string | null;
}

/**
 * Looks at the record of a removal until the gateway has found out what became of it. Null where that took longer than
 * there was patience for, or the record can't be seen. The gateway goes on all the same: the record can be asked for later.
 */
export async function settledRevocation(
  settings: Settings,
  id: string,
  patience: Patience,
): Promise<Revocation | null> {
  const end = performance.now() + patience.totalMs;
  for (let wait = patience.firstMs; performance.now() + wait < end; wait = Math.min(wait * 2, patience.longestMs)) {
    await sleep(wait);
    // The gateway may be away for a moment: that says nothing of the removal.
    const answer = await ask<{ revocation: Revocation | null }>(settings, query, { id }).catch(() => undefined);
    if (answer === undefined || answer.revocation?.state === 'PENDING') {
      continue;
    }
    return answer.revocation;
  }
  return null;
}
