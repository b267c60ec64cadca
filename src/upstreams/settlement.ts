import type { UpstreamOutcome } from './connector.js';

/** What an attempt found out, as the database settles it. */
export interface Settlement {
  readonly attempt: number;
  readonly outcome: 'DONE' | 'REFUSED' | 'UNKNOWN';
  /** Of REFUSED: the code that the record keeps. */
  readonly code: string | null;
  /** Of REFUSED: whether a removal is undone in the directory. */
  readonly putBack: boolean;
  readonly upstreamTraceId: string | null;
  /** Of UNKNOWN: when to ask again. */
  readonly retrySeconds: number;
  /** Of UNKNOWN: whether this attempt, of all, was certainly not carried out. */
  readonly undone: boolean;
}

/** What is known of a call besides its outcome. */
export interface Attempt {
  /** The first is 1. */
  readonly number: number;
  /** Whether an earlier attempt may have been carried out: its outcome was unknown, or its gateway was gone. */
  readonly isInDoubt: boolean;
  /** Whether the directory had what a removal takes away. */
  readonly held: boolean;
  /** For a grant of a project: the role in it. */
  readonly projectRole: string | null;
  /** Whether a caller waits for the answer. Nobody does for the worker, who can ask again where it makes sense. */
  readonly isAwaited: boolean;
}

/** Refusals that another attempt may turn out differently, without anybody doing anything. */
const passing: ReadonlySet<string> = new Set(['RATE_LIMITED', 'UPSTREAM_UNAVAILABLE']);

/** What an outcome settles: the table of the design, and what becomes of it where an earlier attempt is in doubt. */
export function toSettlement(outcome: UpstreamOutcome, attempt: Attempt): Settlement {
  const { upstreamTraceId } = outcome;
  const facts = {
    attempt: attempt.number,
    code: null,
    putBack: false,
    upstreamTraceId,
    retrySeconds: 0,
    undone: false,
  };
  switch (outcome.kind) {
    case 'DONE':
      return { ...facts, outcome: 'DONE' };
    case 'ALREADY_THERE':
      // With which role it was there before, nobody has said. In doubt, it is there because of an earlier attempt.
      return attempt.projectRole === null || attempt.isInDoubt
        ? { ...facts, outcome: 'DONE' }
        : { ...facts, outcome: 'REFUSED', code: 'CONFLICT' };
    case 'ALREADY_GONE':
      return attempt.held || attempt.isInDoubt
        ? { ...facts, outcome: 'DONE' }
        : { ...facts, outcome: 'REFUSED', code: 'NOT_ASSIGNED' };
    case 'UNKNOWN':
      return { ...facts, outcome: 'UNKNOWN', retrySeconds: delayAfter(attempt.number) };
    case 'REFUSED':
      return isFinal(outcome, attempt)
        ? { ...facts, outcome: 'REFUSED', code: outcome.code, putBack: outcome.resourceType === null }
        : { ...facts, outcome: 'UNKNOWN', undone: true, retrySeconds: delayOf(outcome, attempt) };
  }
}

type Refusal = Extract<UpstreamOutcome, { kind: 'REFUSED' }>;

/** Whether it ends the matter. In doubt only the system's own word does: access never comes back for not knowing. */
const isFinal = ({ code, isVerdict }: Refusal, { isInDoubt, isAwaited }: Attempt): boolean =>
  isInDoubt ? isVerdict : isAwaited || !passing.has(code);

const longestDelaySeconds = 300;

/** Doubles with every attempt, up to five minutes, and is spread so that what failed together isn't asked together. */
function delayAfter(attempt: number): number {
  const delay = Math.min(longestDelaySeconds, 2 ** Math.min(attempt - 1, 16));
  return delay * (0.5 + Math.random() / 2);
}

const delayOf = ({ retryAfterSeconds }: Refusal, { number }: Attempt) =>
  Math.max(retryAfterSeconds ?? 0, delayAfter(number));
