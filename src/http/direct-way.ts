import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ExecutionResult } from 'graphql';
import type { Logger } from 'pino';
import type { Authenticate } from '../auth/authenticate.js';
import type { ServerContext } from '../context.js';
import { identify, toPairs } from './authentication.js';
import { toParams } from './graphql-params.js';
import { maxBodyBytes } from './limits.js';
import { countResponse, type Metrics } from './metrics.js';
import type { ExecuteOperation } from './operations.js';
import type { Overload } from './overload.js';
import type { HttpPlugin } from './plugin.js';
import { logRequest } from './request-log.js';
import { dataHeaders } from './response-headers.js';
import { createTraceId } from './trace-id.js';
import { graphqlPath } from './yoga-options.js';

/** Yoga's whole way of a request. */
type Yoga = (request: IncomingMessage, response: ServerResponse, context: ServerContext) => unknown;

export interface DirectWayParts {
  readonly yoga: Yoga;
  readonly authenticate: Authenticate;
  readonly executeOperation: ExecuteOperation;
  readonly overload: Pick<Overload, 'whileAtWork' | 'answered'>;
  readonly metrics: Metrics;
  readonly log: Logger;
}

type DirectContext = ServerContext & { readonly req: IncomingMessage };

/** The media types of answers, by the Accept header, where it is one that leaves no choice. */
const answerTypes = new Map([
  ['', 'application/json'],
  ['*/*', 'application/json'],
  ['application/json', 'application/json'],
  ['application/graphql-response+json', 'application/graphql-response+json'],
  ['application/graphql-response+json, application/json', 'application/graphql-response+json'],
]);

const bodyTypes = new Set(['application/json', 'application/json; charset=utf-8', 'application/json;charset=utf-8']);

/**
 * The short way of what most requests are: a small JSON POST that succeeds. Building a Request and a Response of the fetch
 * API, and passing every hook of a pipeline, costs several times what such a request does. What is particular in any way,
 * from a header to an error in the result, goes Yoga's whole way, which begins where this one ended.
 */
export function createDirectWay(parts: DirectWayParts): (request: IncomingMessage, response: ServerResponse) => void {
  const { yoga, overload, metrics, log } = parts;
  return (request, response) => {
    const type = findAnswerType(request);
    if (type === null) {
      void yoga(request, response, {});
      return;
    }
    const context: DirectContext = {
      req: request,
      startedAt: performance.now(),
      traceId: createTraceId(request.headers['traceparent']),
    };
    const done = (status: number) => {
      countResponse(metrics, status, context);
      logRequest(log, { method: 'POST', path: graphqlPath, status }, context);
    };
    const proceed = async (body: Buffer | null) => {
      if (!body) {
        done(400);
        return;
      }
      const result = await overload.whileAtWork(request, () => answer(parts, context, body));
      if (isPlain(result)) {
        send(response, context, type, result);
        overload.answered(request);
        done(200);
      } else {
        void yoga(request, response, { ...context, body, ...(result === null ? {} : { result }) });
      }
    };
    readBody(request, (body) => {
      proceed(body).catch((error) => {
        log.error({ traceId: context.traceId, err: error }, 'an answer could not be sent');
        response.destroy();
      });
    });
  };
}

/** Lets Yoga answer a result that is there already. Comes before all plugins that look at parameters. */
export function useGivenResult(): HttpPlugin {
  return {
    onParams({ context, setResult }) {
      if (context.result) {
        setResult(context.result);
      }
    },
  };
}

/** The media type of the answer to a request that may go the direct way; null for every other one. */
function findAnswerType({ method, url, httpVersionMinor, headers }: IncomingMessage): string | null {
  const isPlainPost =
    method === 'POST' &&
    url === graphqlPath &&
    httpVersionMinor === 1 &&
    headers.origin === undefined &&
    headers['content-encoding'] === undefined &&
    bodyTypes.has(headers['content-type'] ?? '') &&
    // Where it is missing, the body comes in chunks.
    Number(headers['content-length']) <= maxBodyBytes;
  return isPlainPost ? (answerTypes.get(headers.accept ?? '') ?? null) : null;
}

/** The whole body; null where it is cut off. Then nobody is there any more to be answered. */
function readBody(request: IncomingMessage, then: (body: Buffer | null) => void): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.once('end', () => then(Buffer.concat(chunks)));
  request.once('error', () => then(null));
}

/** The result; null where the request isn't one for the direct way after all. Never rejects. */
async function answer(
  { authenticate, executeOperation }: DirectWayParts,
  context: DirectContext,
  body: Buffer,
): Promise<ExecutionResult | null> {
  const params = toParams(body);
  if (!params) {
    return null;
  }
  await identify(authenticate, { headers: toPairs(context.req.rawHeaders), apiKeysInQuery: [] }, context);
  return executeOperation(params, context);
}

/** Names and values by turns, which node:http writes as they are. */
const headers = Object.entries(dataHeaders).flat();

/** Whether a result is answered by 200 and nothing else is to be said. */
const isPlain = (result: ExecutionResult | null): result is ExecutionResult =>
  typeof result?.data === 'object' &&
  result.data !== null &&
  result.errors === undefined &&
  result.extensions === undefined;

function send(response: ServerResponse, { traceId }: ServerContext, type: string, result: ExecutionResult): void {
  const text = JSON.stringify(result);
  response.writeHead(200, [
    ...headers,
    ...['X-Trace-Id', String(traceId)],
    ...['Content-Type', `${type}; charset=utf-8`, 'Content-Length', String(Buffer.byteLength(text))],
  ]);
  response.end(text);
}
