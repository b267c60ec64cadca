import type { Logger } from 'pino';
import { InternalError } from '../errors.js';
import type { FetchApi, HttpPlugin } from './plugin.js';
import { toErrorBody } from './rejections.js';
import { getTraceId } from './trace-id.js';

/** What a route answers with: a status, headers and a body. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Null where the status has none. */
  readonly body: string | Uint8Array | null;
}

/** One of the gateway's own addresses. */
export interface Route {
  /** The whole path: nothing before it, nothing after it. */
  readonly path: string;
  /** Whether this request at `path` is the route's; those that are not go on to GraphQL. All are, where left out. */
  readonly matches?: (request: Request) => boolean;
  readonly answer: (request: Request) => Promise<Answer>;
  readonly log: Logger;
}

/**
 * Answers GET and HEAD at one address. Yoga hands what a request hook throws to the caller with its stack, so every
 * failure is caught here: it becomes 503 without details and one line in the log.
 */
export function useRoute({ path, matches = () => true, answer, log }: Route): HttpPlugin {
  return {
    onRequest({ request, url, serverContext, endResponse, fetchAPI }) {
      if (url.pathname !== path || !matches(request)) {
        return;
      }
      const traceId = getTraceId(request, serverContext);
      if (!isRead(request)) {
        return endResponse(toResponse(fetchAPI, methodNotAllowed(traceId)));
      }
      const unavailable = (error: unknown) => {
        log.error({ traceId, route: path, err: error }, 'a route could not answer');
        const { code, message, httpStatus } = new InternalError('UNAVAILABLE');
        return json(httpStatus, toErrorBody(code, message, traceId));
      };
      return answer(request)
        .catch(unavailable)
        .then((result) => endResponse(toResponse(fetchAPI, result)));
    },
  };
}

/** Whether a client takes answers compressed by gzip. */
export const acceptsGzip = (request: Request) =>
  /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(request.headers.get('accept-encoding') ?? '');

export const isRead = (request: Request) => request.method === 'GET' || request.method === 'HEAD';

/** An answer in JSON. */
export const json = (status: number, body: string, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers },
  body,
});

const methodNotAllowed = (traceId: string) =>
  json(405, toErrorBody('METHOD_NOT_ALLOWED', 'This address supports GET and HEAD only.', traceId), {
    Allow: 'GET, HEAD',
  });

// A copy of the headers: the library adds Content-Length to the object that it is given, and a page that keeps its
// headers would send the length of one body with the next, for which browsers then wait.
const toResponse = (fetchAPI: FetchApi, { status, headers, body }: Answer): Response =>
  new fetchAPI.Response(body as BodyInit | null, { status, headers: { ...headers } });

/** What a route shows only to those who know a management token, where its setting is `basic`. */
export interface Guard {
  readonly access: 'on' | 'basic' | 'off';
  /** Checks the value of an Authorization header; rejects where the database can't be asked. */
  readonly isAuthorized: (authorization: string | null) => Promise<boolean>;
}

/** Lets `answer` through as `guard` says: to anyone, or to a good Basic credential; anyone else is asked for one. */
export function guarded({ access, isAuthorized }: Guard, answer: Route['answer']): Route['answer'] {
  return async (request) =>
    access === 'on' || (await isAuthorized(request.headers.get('authorization'))) ? answer(request) : askForBasic;
}

const askForBasic: Answer = {
  status: 401,
  headers: {
    'Content-Type': 'text/plain; charset=utf-8',
    'WWW-Authenticate': 'Basic realm="divest", charset="UTF-8"',
  },
  body: 'A management id and its token are needed here.\n',
};
