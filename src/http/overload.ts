import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { CredentialCarrier } from '../auth/authenticate.js';
import type { Config } from '../config.js';
import { Admission, type RefusalReason, refusalReasons, type Stay } from './admission.js';
import { toPairs } from './authentication.js';
import { createCorsHeaders } from './cors.js';
import { watchEventLoop } from './event-loop.js';
import type { Flows } from './flows.js';
import { rejectionCodes, toErrorBody } from './rejections.js';
import { createTraceId } from './trace-id.js';
import { watchUploads } from './uploads.js';

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

/** What a gateway does with more requests than it can answer. */
export interface Overload {
  /** The same listener, behind admission: what is too much is answered 503 at once, and never reaches it. */
  guard(listener: Listener): Listener;
  /** The request goes on, and is no work any more: a stream that has begun. */
  leave(request: IncomingMessage): void;
  /** Does something that waits for another system: meanwhile the request takes nothing from the others. */
  whileAside<Result>(request: IncomingMessage, work: () => Promise<Result>): Promise<Result>;
  /** Requests refused so far, by reason, and those that are under way. */
  state(): ReturnType<Admission['state']> & { readonly refused: Readonly<Record<RefusalReason, number>> };
  close(): void;
}

export interface OverloadParts {
  readonly config: Pick<Config, 'maxInFlight' | 'maxEventLoopDelayMs' | 'databasePoolSize' | 'corsOrigins'>;
  readonly flows: Pick<Flows, 'find'>;
  readonly log: Logger;
}

/**
 * Sheds load before anything is spent on it: once the body is there, and before a credential is checked. Health and metrics
 * always pass: whoever looks after an overloaded gateway needs them. A flood must not become one of log lines, so that
 * its beginning and its end are one each.
 */
export function createOverload({ config, flows, log }: OverloadParts): Overload {
  const loop = watchEventLoop(config.maxEventLoopDelayMs);
  const admission = new Admission({
    ...{ maxInFlight: config.maxInFlight, poolSize: config.databasePoolSize, isLate: loop.isLate },
  });
  const refused = Object.fromEntries(refusalReasons.map((reason) => [reason, 0])) as Record<RefusalReason, number>;
  const story = createStory(log);
  const corsHeaders = createCorsHeaders(config.corsOrigins);
  const known = new WeakSet<Socket>();
  const stays = new WeakMap<IncomingMessage, Stay>();
  const uploads = watchUploads({
    most: config.maxInFlight,
    onCut: () => {
      refused.SLOW_BODY += 1;
      story.tell();
    },
  });
  return {
    guard: (listener) => (request, response) => {
      if (isExempt(request.url)) {
        return listener(request, response);
      }
      const isFirst = !known.has(request.socket);
      known.add(request.socket);
      const enter = () => {
        const stay = admission.enter({
          ...{ flow: flows.find(toCarrier(request)), isFirst },
          start: () => listener(request, response),
          refuse: (reason) => {
            refused[reason] += 1;
            story.tell();
            refuse(request, response, corsHeaders(request.headers.origin));
          },
        });
        stays.set(request, stay);
      };
      response.once('close', () => {
        uploads.delete(request);
        stays.get(request)?.leave();
        // Else what the entry holds would outlive every small garbage collection: it holds the request that it hangs on.
        stays.delete(request);
      });
      uploads.whenThere(request, enter);
      return undefined;
    },
    leave: (request) => stays.get(request)?.leave(),
    whileAside: async (request, work) => {
      const comeBack = stays.get(request)?.stepAside();
      try {
        return await work();
      } finally {
        comeBack?.();
      }
    },
    state: () => ({ ...admission.state(), refused }),
    close: () => {
      loop.stop();
      uploads.stop();
      story.end();
    },
  };
}

const exempt: ReadonlySet<string> = new Set(['/health/live', '/health/ready', '/metrics']);
const isExempt = (url = '') => exempt.has(url.split('?', 1)[0] ?? '');

const toCarrier = ({ rawHeaders, url = '' }: IncomingMessage): CredentialCarrier => ({
  headers: toPairs(rawHeaders),
  // No address is parsed here, since what is none in the sight of a parser would throw.
  apiKeysInQuery: url.includes('api_key') ? new URLSearchParams(url.slice(url.indexOf('?') + 1)).getAll('api_key') : [],
});

const message = 'The gateway has more to do than it can. Nothing was done: ask again.';
const { OVERLOADED: status } = rejectionCodes;

// Up to three seconds, not the same for all: else they would all come back at once. The connection stays open, since a
// new one would cost more than the answer; Node throws away what is sent of the body.
function refuse({ headers, method }: IncomingMessage, response: ServerResponse, cors: Record<string, string>): void {
  const traceId = createTraceId(headers['traceparent']);
  const body = toErrorBody('OVERLOADED', message, traceId);
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'Retry-After': String(1 + Math.floor(Math.random() * 3)),
    'X-Trace-Id': traceId,
    Vary: 'Origin',
    ...cors,
  });
  response.end(method === 'HEAD' ? undefined : body);
}

const quietMs = 5_000;

/** Tells of a flood once when it begins, and once when there was none of it for five seconds. */
function createStory(log: Logger) {
  let count = 0;
  let last = 0;
  let timer: NodeJS.Timeout | null = null;
  const end = () => {
    if (timer) {
      clearInterval(timer);
      timer = null;
      log.info({ refused: count }, 'the gateway is no longer overloaded');
    }
  };
  const endIfQuiet = () => {
    if (performance.now() - last >= quietMs) {
      end();
    }
  };
  return {
    tell: () => {
      last = performance.now();
      if (!timer) {
        count = 0;
        timer = setInterval(endIfQuiet, 1_000).unref();
        log.warn('the gateway is overloaded: requests are refused');
      }
      count += 1;
    },
    end,
  };
}
