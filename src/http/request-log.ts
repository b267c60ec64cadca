import type { Logger } from 'pino';
import type { MutationOutcome, RequestFacts, ServerContext } from '../context.js';
import { getElapsedSeconds } from './observation.js';
import type { HttpPlugin } from './plugin.js';
import { getTraceId } from './trace-id.js';

/** A request and how it was answered. */
export interface AnsweredRequest {
  readonly method: string;
  /** Without a query; null where the address is none. */
  readonly path: string | null;
  readonly status: number;
}

/**
 * Writes one line a request: what was asked for, by whom and how it ended. Never a document, a variable or an address
 * with its query: they hold people's names and, where that is allowed, API keys.
 */
export function logRequest(log: Logger, { method, path, status }: AnsweredRequest, context: ServerContext): void {
  if (!log.isLevelEnabled('info')) {
    return;
  }
  const { traceId, operation } = context;
  log.info(
    {
      ...{ traceId, method, path, status },
      durationMs: Math.round(getElapsedSeconds(context) * 1e5) / 100,
      operation: operation?.kind ?? null,
      rootFields: operation?.rootFields ?? [],
      ...toCaller(context),
    },
    'request',
  );
}

/** Logs every request that is answered through Yoga. */
export function useRequestLog(log: Logger): HttpPlugin {
  return {
    onResponse({ request, response: { status }, serverContext }) {
      getTraceId(request, serverContext);
      logRequest(log, { method: request.method, path: toPath(request.url), status }, serverContext);
    },
  };
}

const longestPath = 200;

function toPath(url: string): string | null {
  return URL.canParse(url) ? new URL(url).pathname.slice(0, longestPath) : null;
}

const toCaller = ({ principal }: Pick<ServerContext, 'principal'>) => ({
  credential: principal?.credential ?? null,
  organization: principal?.organization.id ?? null,
  actor: principal?.actor ?? 'anonymous',
});

/**
 * Writes one line for a mutation that was refused or failed: which, why, and who asked, also where nobody known did and
 * so no revocation tells of it. What was done is in the record of removals, and not repeated here.
 */
export function logRefusal(log: Logger, facts: RequestFacts, mutation: string, code: MutationOutcome): void {
  if (code !== 'DONE' && code !== 'DRY_RUN') {
    log.warn({ traceId: facts.traceId, mutation, code, ...toCaller(facts) }, 'mutation refused');
  }
}
