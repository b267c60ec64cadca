import { randomUUID } from 'node:crypto';
import type { ServerContext } from '../context.js';
import type { HttpPlugin } from './plugin.js';

// W3C Trace Context: version, trace id, parent id, flags. Later versions may append fields, the first one may not.
const traceparent = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;

/** The trace id of a W3C `traceparent` header, or null where it is not there or not well-formed. */
export function parseTraceparent(header: string | null): string | null {
  const [, version, traceId, more] = traceparent.exec(header ?? '') ?? [];
  return traceId === undefined || (version === '00' && more !== undefined) ? null : traceId;
}

/** A trace id: that of a well-formed `traceparent`, else a new one. */
export function createTraceId(header: string | string[] | null | undefined): string {
  return parseTraceparent(typeof header === 'string' ? header : null) ?? randomUUID().replaceAll('-', '');
}

/** The trace id of a request: made on first use, from its `traceparent` where that is well-formed. */
export function getTraceId(request: Request, serverContext: ServerContext): string {
  serverContext.traceId ??= createTraceId(request.headers.get('traceparent'));
  return serverContext.traceId;
}

/**
 * Gives every request its trace id, 32 hexadecimal digits, and every response the header X-Trace-Id. A caller may
 * choose it, to find its own request in our log; anything but the strict W3C form is replaced, so that a header can't
 * write into the log.
 */
export function useTraceId(): HttpPlugin {
  return {
    onRequest({ request, serverContext }) {
      getTraceId(request, serverContext);
    },
    onResponse({ request, response, serverContext }) {
      response.headers.set('X-Trace-Id', getTraceId(request, serverContext));
    },
  };
}
