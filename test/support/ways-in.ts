import type { IncomingMessage, ServerResponse } from 'node:http';
import inject from 'light-my-request';

/** A gateway as requests reach it. */
interface Reachable {
  fetch(url: string, init?: RequestInit): Promise<Response> | Response;
  readonly requestListener: (request: IncomingMessage, response: ServerResponse) => unknown;
}

/**
 * The two ways in, which everything holds for: node:http, where plain requests go the direct way (src/http/direct-way.ts), or
 * the fetch API. Tests go the first one; with WAY_IN=fetch, the other.
 */
export const isByFetch = process.env['WAY_IN'] === 'fetch';

/** Sends a request to a gateway without a socket, by the way that the tests go. */
export function reach(
  gateway: Reachable,
  url: string,
  init: RequestInit & { readonly body?: string },
): Promise<Response> {
  return isByFetch ? Promise.resolve(gateway.fetch(url, init)) : inHttp(gateway, url, init);
}

/** Sends a request by node:http. */
async function inHttp(
  { requestListener }: Pick<Reachable, 'requestListener'>,
  url: string,
  { method = 'GET', headers, body }: RequestInit & { readonly body?: string },
): Promise<Response> {
  const { host, pathname, search } = new URL(url);
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    // Of a body that was sent, all is there.
    request.complete = true;
    return requestListener(request, response);
  };
  const answer = await inject(listener as never, {
    ...{ method: method as 'GET', url: { pathname, query: search.slice(1) }, authority: host },
    headers: Object.fromEntries(new Headers(headers)),
    ...(body !== undefined && { payload: body }),
  });
  const pairs = Object.entries(answer.headers).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [name, String(one)]),
  );
  const isEmpty = [204, 304].includes(answer.statusCode);
  return new Response(isEmpty ? null : new Uint8Array(answer.rawPayload), {
    status: answer.statusCode,
    headers: pairs,
  });
}
