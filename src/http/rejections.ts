import { GraphQLError } from 'graphql';

/**
 * The codes of requests that are turned away before a field is resolved, with their HTTP status: the only list of
 * them. They never reach a mutation, so they are not members of its union.
 */
export const rejectionCodes = {
  BAD_REQUEST: 400,
  CSRF_HEADER_MISSING: 403,
  METHOD_NOT_ALLOWED: 405,
  NOT_ACCEPTABLE: 406,
  BODY_TOO_LARGE: 413,
  URL_TOO_LONG: 414,
  UNSUPPORTED_MEDIA_TYPE: 415,
  DOCUMENT_TOO_LONG: 400,
  DOCUMENT_TOO_DEEP: 400,
  TOO_MANY_ROOT_FIELDS: 400,
  TOO_MANY_ALIASES: 400,
  TOO_MANY_ENTRIES: 400,
  GRAPHQL_PARSE_FAILED: 400,
  GRAPHQL_VALIDATION_FAILED: 400,
  BAD_USER_INPUT: 400,
  OPERATION_RESOLUTION_FAILURE: 400,
  OVERLOADED: 503,
} as const satisfies Record<string, number>;

/** What each of them means, in Markdown: for the error reference. */
export const rejectionMeanings: Readonly<Record<RejectionCode, string>> = {
  BAD_REQUEST: 'The address, the JSON or one of its parameters is malformed.',
  CSRF_HEADER_MISSING:
    'A query by GET without `Apollo-Require-Preflight` or `X-GraphQL-Yoga-CSRF`: a browser sends those to another site only after asking.',
  METHOD_NOT_ALLOWED: 'Neither GET nor POST, or a mutation by GET.',
  NOT_ACCEPTABLE:
    '`Accept` names neither `application/graphql-response+json` nor `application/json`; for a subscription, not ' +
    '`text/event-stream`.',
  BODY_TOO_LARGE: 'The body is longer than a request may be.',
  URL_TOO_LONG: 'The address is longer than a request may be.',
  UNSUPPORTED_MEDIA_TYPE: 'A POST that is not JSON in UTF-8, uncompressed.',
  DOCUMENT_TOO_LONG: 'The document has more tokens than one may have.',
  DOCUMENT_TOO_DEEP: 'The fields are nested deeper than they may be.',
  TOO_MANY_ROOT_FIELDS: 'The operation has more root fields than one may have.',
  TOO_MANY_ALIASES: 'The document has more aliases than one may have.',
  TOO_MANY_ENTRIES: 'The pages inside of pages come to more entries than one operation may ask for.',
  GRAPHQL_PARSE_FAILED: 'A syntax error.',
  GRAPHQL_VALIDATION_FAILED: 'The document doesn’t fit the schema.',
  BAD_USER_INPUT: 'The variables don’t fit the document.',
  OPERATION_RESOLUTION_FAILURE: '`operationName` names no operation, or is missing where there are several.',
  OVERLOADED: 'The gateway has more to do than it can: ask again after the seconds of `Retry-After`.',
};

export type RejectionCode = keyof typeof rejectionCodes;

export const isRejectionCode = (code: unknown): code is RejectionCode =>
  typeof code === 'string' && Object.hasOwn(rejectionCodes, code);

/** A request that is turned away: thrown from a plugin, it becomes the response with the status of its code. */
export function reject(code: RejectionCode, message: string, headers: Record<string, string> = {}): GraphQLError {
  return new GraphQLError(message, { extensions: { code, http: { status: rejectionCodes[code], headers } } });
}

/** The body of a response that is no GraphQL result, in the form of one, so that clients need to know one form only. */
export function toErrorBody(code: string, message: string, traceId: string): string {
  return JSON.stringify({ errors: [{ message, extensions: { code, traceId } }] });
}
