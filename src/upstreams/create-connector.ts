import type { Logger } from 'pino';
import { checkUpstream } from './check.js';
import type { CallOptions, Connector, UpstreamCall, UpstreamOutcome } from './connector.js';
import type { Exchange, UpstreamHttp } from './http.js';
import { isOwnFault, type UpstreamCallFacts, writeLogLine } from './observed-call.js';
import { readAnswer, type StatusRow } from './status-table.js';
import type { Operation, System } from './system.js';

export interface ConnectorParts {
  readonly organizationId: string;
  readonly http: UpstreamHttp;
  readonly log: Logger;
  /** Told of every call, when it has ended. */
  readonly onCall: (facts: UpstreamCallFacts) => void;
}

/** Makes a connector of what a system is like and the way to it. */
export function createConnector(system: System, parts: ConnectorParts): Connector {
  const { name, userPattern, targetPattern, ignoresCase, targetNames } = system;
  const isWellFormed = createGrammarCheck(system);
  const run = async (operation: 'remove' | 'grant', call: UpstreamCall, options: CallOptions) => {
    const start = performance.now();
    const exchange = await exchangeSafely(system[operation], call, options, parts, isWellFormed(call));
    const outcome = toOutcome(exchange.result, system[operation].answers, system.traceIdField);
    const seconds = (performance.now() - start) / 1000;
    const facts = { organizationId: parts.organizationId, system: name, operation, outcome, seconds };
    writeLogLine(parts.log, options.traceId, facts, exchange);
    parts.onCall(facts);
    return outcome;
  };
  return {
    ...{ system: name, userPattern, targetPattern, ignoresCase, targetNames },
    remove: (call, options) => run('remove', call, options),
    grant: (call, options) => run('grant', call, options),
    check: () => checkUpstream(system, parts.http),
  };
}

function createGrammarCheck({ userPattern, targetPattern }: System): (call: UpstreamCall) => boolean {
  const [user, target] = [new RegExp(userPattern, 'u'), new RegExp(targetPattern, 'u')];
  return ({ userId, targetId }) => user.test(userId) && target.test(targetId);
}

// Callers check ids before they begin anything. What comes here all the same must not be sent, and not be thrown either.
async function exchangeSafely(
  { toRequest }: Operation,
  call: UpstreamCall,
  options: CallOptions,
  { http, log }: ConnectorParts,
  isWellFormed: boolean,
): Promise<Exchange> {
  if (!isWellFormed) {
    return { result: { kind: 'NOT_SENT', reason: 'UNSAFE' }, attempts: 0 };
  }
  try {
    return await http.exchange(toRequest(call), options);
  } catch (err) {
    log.error({ traceId: options.traceId, err }, 'an upstream call broke');
    return { result: { kind: 'LOST', reason: 'CONNECTION' }, attempts: 1 };
  }
}

function toOutcome(
  result: Exchange['result'],
  table: readonly StatusRow[],
  traceIdField: string | null,
): UpstreamOutcome {
  switch (result.kind) {
    case 'ANSWERED':
      return readAnswer(table, result, traceIdField);
    case 'NOT_SENT':
      return {
        ...{ kind: 'REFUSED', status: null, resourceType: null, isVerdict: false },
        ...{ retryAfterSeconds: null, upstreamTraceId: null },
        code: isOwnFault(result) ? 'UPSTREAM_REJECTED' : 'UPSTREAM_UNAVAILABLE',
      };
    case 'LOST':
      return { kind: 'UNKNOWN', code: lostCodes[result.reason], upstreamTraceId: null };
  }
}

const lostCodes = {
  TIMEOUT: 'UPSTREAM_TIMEOUT',
  CONNECTION: 'UPSTREAM_UNAVAILABLE',
  MALFORMED: 'UPSTREAM_INVALID_RESPONSE',
} as const;
