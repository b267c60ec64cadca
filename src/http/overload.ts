import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { CredentialCarrier } from '../auth/authenticate.js';
import type { Config } from '../config.js';
import { Admission, type RefusalReason, refusalReasons, type Stay } from './admission.js';
import { toPairs } from './authentication.js';
import { createCorsHeaders } from './cors.js';
import { watchEventLoop } from './event-loop.js';
import { createFloodLog } from './flood-log.js';
import type { Flows } from './flows.js';
import { rejectionCodes, toErrorBody } from './rejections.js';
import { createTraceId } from './trace-id.js';
import { watchUploads } from './uploads.js';

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

/** What a gateway does with more requests than it can answer. */
export interface Overload {
  /** The same listener, behind admission: what is too much is answered 503 at once, and never reaches it. */
  guard(listener: Listener): Listener;
  /**
   * Keeps the place of a request until this ends, also where its connection ends before: what is begun costs the same,
   * whether or not anybody waits for it.
   */
  whileAtWork<Result>(request: IncomingMessage, work: () => Promise<Result>): Promise<Result>;
  /**
   * The answer of a request is being written. If it is a short one, its place is given back although nobody may ever read
   * it: who asks without end and reads nothing would hold place after place.
   */
  answered(request: IncomingMessage): void;
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

/** A request that came in. */
interface Visit {
  readonly response: ServerResponse;
  /** Its place, or that in the line; null until its body is there. */
  stay: Stay | null;
  /** What is under way for it, and does not end with its connection. */
  works: number;
  isClosed: boolean;
}

/** What the system holds for a slow reader of most connections anyway. */
const shortBytes = 64 * 1024;

/**
 * Sheds load before anything is spent on it: once the body is there, and before a credential is checked. Health always
 * passes, and so do metrics, a few at a time: whoever looks after an overloaded gateway needs them. A flood must not become
 * one of log lines, so that its beginning and its end are one each.
 */
export function createOverload({ config, flows, log }: OverloadParts): Overload {
  const loop = watchEventLoop(config.maxEventLoopDelayMs);
  const admission = new Admission({
    ...{ maxInFlight: config.maxInFlight, poolSize: config.databasePoolSize, isLate: loop.isLate },
  });
  const refused = Object.fromEntries(refusalReasons.map((reason) => [reason, 0])) as Record<RefusalReason, number>;
  const floodLog = createFloodLog(log);
  const corsHeaders = createCorsHeaders(config.corsOrigins);
  const scrapes = createScrapes();
  const known = new WeakSet<Socket>();
  const visits = new WeakMap<IncomingMessage, Visit>();
  const leave = (request: IncomingMessage) => {
    visits.get(request)?.stay?.leave();
    // Else what the entry holds would outlive every small garbage collection: it holds the request that it hangs on.
    visits.delete(request);
  };
  const leaveIfOver = (request: IncomingMessage) => {
    const visit = visits.get(request);
    if (visit?.isClosed && visit.works === 0) {
      leave(request);
    }
  };
  const uploads = watchUploads({
    most: config.maxInFlight,
    onCut: () => {
      refused.SLOW_BODY += 1;
      floodLog.tell();
    },
  });
  return {
    guard: (listener) => (request, response) => {
      const refuseAs = (reason: RefusalReason) => {
        refused[reason] += 1;
        floodLog.tell();
        refuse(request, response, corsHeaders(request.headers.origin));
      };
      const path = pathOf(request);
      if (path === '/metrics' && !scrapes.enter(response)) {
        return refuseAs('IN_FLIGHT');
      }
      if (exempt.has(path)) {
        return listener(request, response);
      }
      const isFirst = !known.has(request.socket);
      known.add(request.socket);
      const visit: Visit = { response, stay: null, works: 0, isClosed: false };
      visits.set(request, visit);
      const enter = () => {
        const stay = admission.enter({
          ...{ flow: flows.find(toCarrier(request)), isFirst },
          start: () => listener(request, response),
          refuse: refuseAs,
        });
        visit.stay = stay;
        // It may be over already.
        if (!visits.has(request)) {
          stay.leave();
        }
      };
      response.once('close', () => {
        uploads.delete(request);
        visit.isClosed = true;
        leaveIfOver(request);
      });
      uploads.whenThere(request, enter);
      return undefined;
    },
    leave,
    answered: (request) => {
      // By then it is written, where it is one that is written at once.
      setImmediate(() => {
        const { response, works } = visits.get(request) ?? {};
        if (works === 0 && response?.writableEnded && response.writableLength <= shortBytes) {
          leave(request);
        }
      });
    },
    whileAtWork: async (request, work) => {
      const visit = visits.get(request);
      if (!visit) {
        return work();
      }
      visit.works += 1;
      try {
        return await work();
      } finally {
        visit.works -= 1;
        leaveIfOver(request);
      }
    },
    whileAside: async (request, work) => {
      const comeBack = visits.get(request)?.stay?.stepAside();
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
      floodLog.end();
    },
  };
}

const exempt: ReadonlySet<string> = new Set(['/health/live', '/health/ready', '/metrics']);
const pathOf = ({ url = '' }: IncomingMessage) => url.split('?', 1)[0] ?? '';

/** More ask for them at once nowhere but in an attack: behind each may be a credential that is looked up. */
const mostScrapes = 4;

function createScrapes() {
  let underWay = 0;
  return {
    enter: (response: ServerResponse): boolean => {
      if (underWay === mostScrapes) {
        return false;
      }
      underWay += 1;
      response.once('close', () => {
        underWay -= 1;
      });
      return true;
    },
  };
}

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
