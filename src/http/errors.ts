import { type ExecutionResult, GraphQLError, Kind } from 'graphql';
import type { Logger } from 'pino';
import { isUnavailable } from '../database/failures.js';
import {
  AccessError,
  errorCodes,
  ForbiddenError,
  InternalError,
  InvalidInputError,
  NotFoundError,
  PaymentRequiredError,
  RateLimitedError,
} from '../errors.js';
import { csrfHeaders } from './cors.js';
import { mapResults } from './event-streams.js';
import type { HttpPlugin } from './plugin.js';
import { isRejectionCode, type RejectionCode, rejectionCodes } from './rejections.js';
import { getTraceId } from './trace-id.js';

/**
 * Decides what a caller is told of an error outside the unions; Yoga asks it about every one. Typed errors keep their
 * code and facts. Errors about the request itself (syntax, validation, limits) pass. Anything else says only that
 * something broke; its cause stays attached for the log, and is never printed.
 */
export function maskError(error: unknown): GraphQLError {
  const cause = findCause(error);
  if (cause instanceof AccessError) {
    return toGraphQLError(cause, error instanceof GraphQLError ? error : undefined);
  }
  // An error from inside a field that carries no code is nobody's deliberate answer, even if graphql-js made it:
  // its text quotes the value that didn't fit.
  if (error instanceof GraphQLError && cause === null && (hasCode(error) || !error.path)) {
    return error;
  }
  if (error instanceof GraphQLError && isAboutInput(error)) {
    return toInputError(error);
  }
  const broken = new InternalError(isUnavailable(cause) ? 'UNAVAILABLE' : 'INTERNAL');
  return toGraphQLError(broken, error instanceof GraphQLError ? error : undefined, cause ?? error);
}

/** An error of graphql-js about the value of an argument, as the rejection that it is. */
export const toInputError = ({ message, nodes, path }: GraphQLError) =>
  new GraphQLError(message, { nodes: nodes ?? null, path: path ?? null, extensions: { code: 'BAD_USER_INPUT' } });

/**
 * Whether graphql-js itself found the value of an argument wanting, such as null from a variable: then its error points
 * at that value, where one about an answer points at a field.
 */
function isAboutInput(error: GraphQLError): boolean {
  const { originalError, nodes } = error;
  if (originalError) {
    return originalError instanceof GraphQLError && isAboutInput(originalError);
  }
  return nodes?.[0] !== undefined && nodes[0].kind !== Kind.FIELD;
}

const hasCode = ({ extensions: { code } }: GraphQLError) => Boolean(code);

/** What a GraphQLError was made of, however often it was wrapped; null where it is the cause itself. */
function findCause(error: unknown): unknown {
  if (!(error instanceof GraphQLError)) {
    return error;
  }
  return error.originalError ? findCause(error.originalError) : null;
}

/** A typed error as a top-level error: for queries, which have no union to answer it in. */
export function toGraphQLError(error: AccessError, at?: GraphQLError, cause?: unknown): GraphQLError {
  const { code, httpStatus, retryable } = error;
  return new GraphQLError(messages[String(code)] ?? error.message, {
    nodes: at?.nodes ?? null,
    path: at?.path ?? null,
    originalError: cause instanceof Error ? cause : null,
    extensions: {
      code,
      httpStatus,
      retryable,
      ...toFacts(error),
      http: { status: httpStatus, headers: toHeaders(error) },
    },
  });
}

function toFacts(error: AccessError): Record<string, unknown> {
  if (error instanceof RateLimitedError) {
    return { retryAfterSeconds: error.retryAfterSeconds };
  }
  if (error instanceof InvalidInputError) {
    return { issues: error.issues };
  }
  if (error instanceof ForbiddenError) {
    return { requires: error.requires };
  }
  if (error instanceof PaymentRequiredError) {
    return { feature: error.feature };
  }
  return error instanceof NotFoundError ? { resourceType: error.resourceType, resourceId: error.resourceId } : {};
}

function toHeaders(error: AccessError): Record<string, string> {
  if (error instanceof RateLimitedError) {
    return { 'Retry-After': String(error.retryAfterSeconds) };
  }
  // HTTP wants a 401 to say which scheme would do (RFC 9110, 15.5.2).
  return error.code === 'UNAUTHENTICATED' ? { 'WWW-Authenticate': 'Bearer realm="divest"' } : {};
}

/**
 * The last look at every error before it leaves: it gets its code and the trace id, and decides the HTTP status only
 * where there is no data. Unexpected causes are logged here, once.
 */
export function useErrors(log: Logger): HttpPlugin {
  return {
    onResultProcess({ request, result, setResult, serverContext }) {
      const traceId = getTraceId(request, serverContext);
      setResult(mapResults(result, (one) => finishResult(one, traceId, log)));
    },
  };
}

function finishResult(result: ExecutionResult, traceId: string, log: Logger): ExecutionResult {
  if (!result.errors) {
    return result;
  }
  const hasData = result.data !== undefined && result.data !== null;
  for (const { originalError, extensions } of result.errors) {
    const { code } = extensions;
    if (originalError && (code === 'INTERNAL' || code === 'UNAVAILABLE')) {
      log.error({ traceId, err: originalError }, 'a request failed unexpectedly');
    }
  }
  return { ...result, errors: result.errors.map((error) => finish(error, traceId, hasData)) };
}

// A copy: errors of a document that didn't pass are kept in a cache and answered to others too.
function finish(error: GraphQLError, traceId: string, hasData: boolean): GraphQLError {
  const { http, originalError, code: given, ...extensions } = error.extensions;
  const code = toCode(given, http?.status);
  return new GraphQLError(messages[String(code)] ?? error.message, {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    path: error.path ?? null,
    extensions: { ...extensions, code, traceId, ...(!hasData && { http: { ...http, ...toStatus(code) } }) },
  });
}

// Where the library's own message leaves open what to do.
const messages: Readonly<Record<string, string>> = {
  CSRF_HEADER_MISSING: `A query by GET needs the header ${csrfHeaders.join(' or ')}, with any value.`,
};

const codes: Readonly<Record<number, RejectionCode>> = { 403: 'CSRF_HEADER_MISSING', 405: 'METHOD_NOT_ALLOWED' };

// Libraries give some of their errors a general code or none: then the status tells which, and the executor's errors
// about variables are left.
function toCode(code: unknown, status: number | undefined): unknown {
  return code && code !== 'BAD_REQUEST' ? code : (codes[status ?? 0] ?? code ?? 'BAD_USER_INPUT');
}

// The rest of the rejections are answered with their status whatever the caller accepts. These three are well-formed
// requests for GraphQL, and to a caller who accepts application/json only the answer to such a request is 200
// (GraphQL over HTTP, 6.4.1), which Yoga does where `spec` is true.
const isGraphQLFailure = (code: unknown) =>
  code === 'GRAPHQL_PARSE_FAILED' || code === 'GRAPHQL_VALIDATION_FAILED' || code === 'BAD_USER_INPUT';

function toStatus(code: unknown): { status?: number; spec: boolean } {
  if (isRejectionCode(code)) {
    return { status: rejectionCodes[code], spec: isGraphQLFailure(code) };
  }
  const known = typeof code === 'string' && Object.hasOwn(errorCodes, code);
  return known ? { spec: false } : { status: 500, spec: false };
}
