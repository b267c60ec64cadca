import type { Logger } from 'pino';
import type { UpstreamSystem } from '../errors.js';
import type { RefusalCode, UpstreamOutcome } from './connector.js';
import type { Exchange } from './http.js';

/** What the metrics tell of a call. */
export interface UpstreamCallFacts {
  readonly organizationId: string;
  readonly system: UpstreamSystem;
  readonly operation: 'remove' | 'grant';
  readonly outcome: UpstreamOutcome;
  /** All attempts, and the waits between them. */
  readonly seconds: number;
}

/** The outcome of a call as one word of a closed set. */
export const toLabel = (outcome: UpstreamOutcome): Exclude<UpstreamOutcome['kind'], 'REFUSED'> | RefusalCode =>
  outcome.kind === 'REFUSED' ? outcome.code : outcome.kind;

/** Whether nothing was sent because the ids made no safe address: not the upstream's doing. */
export const isOwnFault = (result: Exchange['result']) => result.kind === 'NOT_SENT' && result.reason === 'UNSAFE';

/** Writes the one line of a call: never an address, an id of a user, or a body. */
export function writeLogLine(log: Logger, traceId: string, facts: UpstreamCallFacts, exchange: Exchange): void {
  const { organizationId: organization, system, operation, outcome, seconds } = facts;
  const { result, attempts } = exchange;
  log[toLevel(exchange, outcome)](
    {
      ...{ traceId, organization, system, operation },
      ...{ outcome: outcome.kind, code: 'code' in outcome ? outcome.code : null },
      status: result.kind === 'ANSWERED' ? result.status : null,
      reason: result.kind === 'ANSWERED' ? null : `${result.kind} ${result.reason}`,
      ...{ attempts, durationMs: Math.round(seconds * 1e5) / 100, upstreamTraceId: outcome.upstreamTraceId },
    },
    'upstream call',
  );
}

/** An error is what somebody has to mend: the gateway's credential, the certificate, ids that nobody checked. */
function toLevel({ result }: Exchange, outcome: UpstreamOutcome): 'info' | 'warn' | 'error' {
  const isToBeMended =
    result.kind === 'ANSWERED'
      ? result.status === 401 || result.status === 403
      : result.reason === 'UNTRUSTED' || isOwnFault(result);
  if (isToBeMended) {
    return 'error';
  }
  return outcome.kind === 'UNKNOWN' || toLabel(outcome) === 'UPSTREAM_UNAVAILABLE' ? 'warn' : 'info';
}
