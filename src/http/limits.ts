import type { IncomingMessage } from 'node:http';
import type { HttpPlugin } from './plugin.js';
import { reject, toErrorBody } from './rejections.js';
import { json } from './route.js';
import { getTraceId } from './trace-id.js';

/** The largest request body, in bytes. A document of 1,000 tokens with its variables fits several times. */
export const maxBodyBytes = 256 * 1024;

/** The longest address, in characters. */
export const maxUrlLength = 16 * 1024;

/**
 * Turns away what is no GraphQL request of ours before its document is looked at: addresses that are too long, methods
 * other than GET and POST, bodies that are too large or not JSON, and callers who would not accept the answer, so that no
 * mutation is carried out whose answer is lost. Only JSON: a page of another site can make a browser send the other media types
 * with a user's network access without asking us first.
 */
export function useRequestLimits(): HttpPlugin {
  return {
    onRequest({ request, serverContext, endResponse, fetchAPI }) {
      if (request.url.length > maxUrlLength) {
        const message = `The address has more than ${maxUrlLength} characters.`;
        const { status, headers, body } = json(
          414,
          toErrorBody('URL_TOO_LONG', message, getTraceId(request, serverContext)),
        );
        endResponse(new fetchAPI.Response(body as string, { status, headers }));
      }
    },
    onRequestParse({ request, serverContext: { req, body }, setRequestParser }) {
      if (request.method !== 'GET' && request.method !== 'POST') {
        throw reject('METHOD_NOT_ALLOWED', 'GraphQL is served by GET and POST.', { Allow: 'GET, POST' });
      }
      const accept = request.headers.get('accept');
      if (!acceptsResults(accept) && !acceptsEvents(accept)) {
        throw reject('NOT_ACCEPTABLE', notAcceptable);
      }
      if (request.method === 'POST') {
        checkBodyHeaders(request.headers);
      }
      setRequestParser(
        request.method === 'GET' ? parseQueryString : (posted) => parseBody(body ?? readBytes(posted, req)),
      );
    },
    // Yoga has no words in a media type that it doesn't know, and the types that it names aren't all taken here.
    onResponse({ request, response, serverContext, setResponse, fetchAPI }) {
      if (response.status === 406 && response.body === null) {
        const { status, headers, body } = json(
          406,
          toErrorBody('NOT_ACCEPTABLE', notAcceptable, getTraceId(request, serverContext)),
        );
        response.headers.delete('Accept');
        const all = { ...Object.fromEntries(response.headers), ...headers };
        setResponse(new fetchAPI.Response(body as string, { status, headers: all }));
      }
    },
  };
}

const notAcceptable = 'Answers are application/graphql-response+json, application/json or text/event-stream.';

const resultTypes = ['application/graphql-response+json', 'application/json', 'application/*', '*/*'];
const eventTypes = ['text/event-stream', '*/*'];

/** Whether a caller with this Accept header takes the events of a subscription. */
export const acceptsEvents = (accept: string | null) => accepts(accept, eventTypes);

/** Whether it takes the result of a query or mutation. */
export const acceptsResults = (accept: string | null) => accepts(accept, resultTypes);

// None given: any will do.
function accepts(accept: string | null, types: readonly string[]): boolean {
  const ranges = (accept || '*/*').toLowerCase().split(',');
  return ranges.some((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    const isRefused = parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
    const charset = parameters.find((parameter) => parameter.startsWith('charset='));
    return types.includes(type) && !isRefused && (!charset || isUtf8(charset));
  });
}

const isUtf8 = (parameter: string) => /^charset="?utf-?8"?$/i.test(parameter);

function checkBodyHeaders(headers: Headers): void {
  const [type = '', ...parameters] = (headers.get('content-type') ?? '').split(';').map((part) => part.trim());
  if (type.toLowerCase() !== 'application/json' || !parameters.every((parameter) => !parameter || isUtf8(parameter))) {
    throw reject('UNSUPPORTED_MEDIA_TYPE', 'The body must be application/json in UTF-8.');
  }
  if ((headers.get('content-encoding') ?? 'identity') !== 'identity') {
    throw reject('UNSUPPORTED_MEDIA_TYPE', 'The body must not be compressed.');
  }
  if (Number(headers.get('content-length') ?? 0) > maxBodyBytes) {
    throw tooLarge();
  }
}

const tooLarge = () => reject('BODY_TOO_LARGE', `The body has more than ${maxBodyBytes} bytes.`);

function parseJson(text: string, what: string): Record<string, unknown> {
  try {
    // Yoga refuses what is not an object, batches among it.
    return JSON.parse(text);
  } catch {
    throw reject('BAD_REQUEST', `${what} is not JSON.`);
  }
}

async function parseBody(bytes: Uint8Array | Promise<Uint8Array>) {
  const body = await bytes;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw reject('BAD_REQUEST', 'The body is not UTF-8.');
  }
  return parseJson(text, 'The body');
}

/** The bytes of a body, of which no more than the limit are ever held, whatever its length header says. */
async function readBytes(request: Request, req: IncomingMessage | undefined): Promise<Uint8Array> {
  if (req) {
    return readSocket(req);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBodyBytes) {
      throw tooLarge();
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

// What is too much is thrown away as it comes: to stop reading would reset the connection, and the caller would see
// that instead of the answer. The server's own timeout ends a body that never does.
function readSocket(req: IncomingMessage): Promise<Uint8Array> {
  return new Promise((resolve, fail) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    req.on('data', (chunk: Buffer) => {
      size += chunk.byteLength;
      if (size <= maxBodyBytes) {
        chunks.push(chunk);
      } else {
        chunks.length = 0;
        fail(tooLarge());
      }
    });
    req.once('end', () => resolve(Buffer.concat(chunks)));
    req.once('error', () => fail(reject('BAD_REQUEST', 'The body was cut off.')));
  });
}

function parseQueryString(request: Request) {
  const { searchParams } = new URL(request.url);
  const parameters: Record<string, unknown> = {};
  for (const name of ['query', 'operationName'] as const) {
    parameters[name] = searchParams.get(name) ?? undefined;
  }
  for (const name of ['variables', 'extensions'] as const) {
    const text = searchParams.get(name);
    parameters[name] = text ? parseJson(text, `The parameter ${name}`) : undefined;
  }
  return parameters;
}
