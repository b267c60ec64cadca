import type { YogaServerOptions } from 'graphql-yoga';

type CorsOption = YogaServerOptions<object, object>['cors'];
type CorsForRequest = Extract<CorsOption, (...parameters: never[]) => unknown>;

/** The headers by which a query by GET shows that it comes from no other site without our consent (see csrf.ts). */
export const csrfHeaders = ['X-GraphQL-Yoga-CSRF', 'Apollo-Require-Preflight'] as const;

const allowedHeaders = [
  'Content-Type',
  'Authorization',
  'X-Management-Id',
  'X-Management-Token',
  'X-API-Key',
  'X-CXone-Authorization',
  'Traceparent',
  ...csrfHeaders,
];

const exposedHeaders = ['X-Trace-Id', 'Retry-After'];

/**
 * Which pages of other sites may read our answers: those of the listed origins, exactly; all others get no CORS header
 * at all. Credentials are off for everyone, since ours are headers that the page sets itself, never cookies.
 * Yoga's own default would let every site in, with credentials.
 */
export function createCors(origins: readonly string[]): CorsForRequest {
  const listed = new Set(origins);
  return (request: Request) => {
    const origin = request.headers.get('origin');
    if (origin === null || !listed.has(origin)) {
      return false;
    }
    return {
      origin: [origin],
      methods: ['GET', 'POST'],
      allowedHeaders,
      exposedHeaders,
      credentials: false,
      maxAge: 600,
    };
  };
}

/** The same as headers, for an answer that isn't Yoga's to a request that needed no preflight, or has had it. */
export function createCorsHeaders(origins: readonly string[]) {
  const listed = new Set(origins);
  return (origin: string | undefined): Record<string, string> =>
    origin !== undefined && listed.has(origin)
      ? { 'Access-Control-Allow-Origin': origin, 'Access-Control-Expose-Headers': exposedHeaders.join(', ') }
      : {};
}
