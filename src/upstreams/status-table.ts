import type { MissingResource, RefusalCode, UnknownCode, UpstreamOutcome } from './connector.js';
import { toSeconds } from './retry-after.js';

/** What an answer means, without what is particular to one answer. */
export type Meaning =
  | { readonly kind: 'DONE' | 'ALREADY_GONE' | 'ALREADY_THERE' }
  | {
      readonly kind: 'REFUSED';
      readonly code: RefusalCode;
      readonly resourceType: MissingResource;
      readonly isVerdict: boolean;
    }
  | { readonly kind: 'UNKNOWN'; readonly code: UnknownCode };

/** One row of a system's table: a status and, where the status alone doesn't tell, what a field of the body says. */
export interface StatusRow {
  readonly status: number;
  readonly where?: readonly [field: string, text: RegExp];
  readonly means: Meaning;
}

const done: Meaning = { kind: 'DONE' };
export const alreadyGone: Meaning = { kind: 'ALREADY_GONE' };
export const alreadyThere: Meaning = { kind: 'ALREADY_THERE' };
export const refused = (code: RefusalCode): Meaning => ({
  kind: 'REFUSED',
  code,
  resourceType: null,
  isVerdict: false,
});
/** The system itself says that it has no such user, project or role. */
export const missing = (resourceType: Exclude<MissingResource, null>): Meaning => ({
  ...{ kind: 'REFUSED', code: 'NOT_FOUND', resourceType, isVerdict: true },
});
/** The system itself refuses what is asked for, and had it been carried out before it would answer otherwise. */
export const rejected: Meaning = { kind: 'REFUSED', code: 'UPSTREAM_REJECTED', resourceType: null, isVerdict: true };
const unknown = (code: UnknownCode): Meaning => ({ kind: 'UNKNOWN', code });

/** What the three systems have in common; the last rows of every table. */
export const commonRows: readonly StatusRow[] = [
  { status: 204, means: done },
  // The gateway's own credential, never the caller's.
  { status: 401, means: refused('UPSTREAM_REJECTED') },
  { status: 402, means: refused('PAYMENT_REQUIRED') },
  { status: 403, means: refused('UPSTREAM_REJECTED') },
  { status: 404, means: refused('NOT_FOUND') },
  { status: 408, means: unknown('UPSTREAM_TIMEOUT') },
  { status: 409, means: refused('CONFLICT') },
  { status: 429, means: refused('RATE_LIMITED') },
  // It may have broken before, during or after doing it.
  { status: 500, means: unknown('UPSTREAM_UNAVAILABLE') },
  { status: 501, means: refused('UPSTREAM_NOT_SUPPORTED') },
  { status: 502, means: unknown('UPSTREAM_INVALID_RESPONSE') },
  { status: 503, means: refused('UPSTREAM_UNAVAILABLE') },
  { status: 504, means: unknown('UPSTREAM_TIMEOUT') },
];

/** What a status means that no row has: the class is all there is to go by. */
function meaningOfClass(status: number): Meaning {
  if (status >= 200 && status < 300) {
    return done;
  }
  if (status >= 400 && status < 500) {
    return refused('UPSTREAM_REJECTED');
  }
  return unknown(status >= 500 && status < 600 ? 'UPSTREAM_UNAVAILABLE' : 'UPSTREAM_INVALID_RESPONSE');
}

/** An answer, as far as a table looks at it. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfter: string | null;
}

/** Reads an answer by a table: its first row that fits. `traceIdField` is where the system puts its correlation id. */
export function readAnswer(table: readonly StatusRow[], answer: Answer, traceIdField: string | null): UpstreamOutcome {
  const { status, body, retryAfter } = answer;
  const row = table.find(
    (row) => row.status === status && (!row.where || row.where[1].test(textOf(body, row.where[0]))),
  );
  const meaning = row?.means ?? meaningOfClass(status);
  const upstreamTraceId = traceIdField === null ? null : toTraceId(textOf(body, traceIdField));
  return meaning.kind === 'REFUSED'
    ? { ...meaning, status, upstreamTraceId, retryAfterSeconds: toSeconds(retryAfter, Date.now()) }
    : { ...meaning, upstreamTraceId };
}

function textOf(body: unknown, field: string): string {
  const value = typeof body === 'object' && body !== null ? Reflect.get(body, field) : null;
  return typeof value === 'string' ? value : '';
}

// It goes into the log, the database and the caller's answer: an id, and nothing that an upstream could make of it.
const toTraceId = (text: string) => (/^[\w.:-]{1,128}$/.test(text) ? text : null);
