import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { toErrorBody } from './rejections.js';
import { createTraceId } from './trace-id.js';

// What is no request that a gateway could be given. Node would answer it by itself, without trace id and log line.

const messages = {
  400: 'The request, its address or its Host header is malformed.',
  408: 'The request did not arrive in time.',
  417: 'Nothing but 100-continue can be expected.',
  431: 'The headers are too large.',
} as const;
type Status = keyof typeof messages;

/** Whether the address is one. Yoga puts it together from the Host header, and where that fails answers with a stack. */
export const isAddressed = ({ headers: { host }, rawHeaders, httpVersion, url = '' }: IncomingMessage) =>
  (host === undefined ? httpVersion === '1.0' : host !== '') &&
  rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === 'host').length < 2 &&
  url.startsWith('/') &&
  URL.canParse(`http://${host ?? 'localhost'}${url}`);

/** Answers a request that is refused before the gateway sees it. */
export function refuse(request: IncomingMessage, response: ServerResponse, log: Logger, status: Status): void {
  const { body, headers } = describe(createTraceId(request.headers['traceparent']), status, log, request.method);
  response.writeHead(status, headers).end(body);
}

/**
 * Answers what can't be read as a request, or expects something else than an answer. Not where `finishOwed` says that
 * answers to earlier requests are owed on the connection, and sees to its end.
 */
export function refuseMalformed(server: Server, log: Logger, finishOwed: (socket: Socket) => boolean): void {
  server.on('checkExpectation', (request, response) => refuse(request, response, log, 417));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    if (finishOwed(socket as Socket)) {
      return;
    }
    const status = statusOf(error.code);
    const { body, headers } = describe(createTraceId(null), status, log);
    const lines = Object.entries({ ...headers, 'Content-Length': Buffer.byteLength(body) });
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\n${body}`);
  });
}

function statusOf(code: string | undefined): Status {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return 408;
  }
  return code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
}

function describe(traceId: string, status: Status, log: Logger, method: string | null = null) {
  log.info({ traceId, method, path: null, status }, 'request');
  return {
    body: toErrorBody('BAD_REQUEST', messages[status], traceId),
    headers: { 'Content-Type': 'application/json; charset=utf-8', 'X-Trace-Id': traceId, Connection: 'close' },
  };
}
