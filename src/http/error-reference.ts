import { type GraphQLObjectType, type GraphQLSchema, isInterfaceType, isObjectType, isUnionType } from 'graphql';
import { type ErrorCode, errorCodes, UserNotAssignedError } from '../errors.js';
import { rejectionCodes, rejectionMeanings } from './rejections.js';

/** With which type of the schema each code is answered, its prefix left out. */
const typeNames: Readonly<Record<ErrorCode, string>> = {
  INVALID_INPUT: 'InvalidInputError',
  UNAUTHENTICATED: 'UnauthenticatedError',
  PAYMENT_REQUIRED: 'PaymentRequiredError',
  FORBIDDEN: 'ForbiddenError',
  NOT_FOUND: 'NotFoundError',
  NOT_ASSIGNED: 'UserNotAssignedError',
  LAST_PROJECT: 'LastProjectError',
  LAST_ADMINISTRATOR: 'LastAdministratorError',
  NO_ACCESS: 'NoAccessError',
  CONFLICT: 'ConflictError',
  RATE_LIMITED: 'RateLimitedError',
  UPSTREAM_REJECTED: 'UpstreamError',
  UPSTREAM_UNAVAILABLE: 'UpstreamError',
  UPSTREAM_TIMEOUT: 'UpstreamError',
  UPSTREAM_INVALID_RESPONSE: 'UpstreamError',
  UPSTREAM_NOT_SUPPORTED: 'UpstreamError',
  UNAVAILABLE: 'InternalError',
  INTERNAL: 'InternalError',
};

const introduction = `# Errors

What can go wrong in a mutation is a member of its result: a type that implements \`AccessError\`, with a \`code\`, a
\`message\` for people, \`httpStatus\` (the status of the REST operation in the same case), \`retryable\` and \`traceId\`. Match
on the type or the code; the message may change. A member that you don't know means "not known to be removed".

Queries and subscriptions have no union to answer an error in: they have the same codes in \`errors[].extensions.code\`, with \`httpStatus\`,
\`retryable\`, \`traceId\` and the facts of the type. \`X-Trace-Id\` and \`traceId\` lead to the line in the log.`;

const rejections = `They are answered with this HTTP status and \`errors[].extensions.code\`; nothing was done or recorded. The status of the
three about the document and its variables (\`GRAPHQL_PARSE_FAILED\`, \`GRAPHQL_VALIDATION_FAILED\`, \`BAD_USER_INPUT\`) is 200 where
the answer is \`application/json\`: unless a caller asks for \`application/graphql-response+json\` first.`;

const outro = `Made of the schema and the tables of codes in \`src/errors.ts\` and \`src/http/rejections.ts\`.`;

/** The error reference, in Markdown: every code, every error type, every reason to turn a request away. */
export function printErrorReference(schema: GraphQLSchema): string {
  const { errors, prefix } = findErrors(schema);
  return [
    introduction,
    '## Codes',
    toTable(['code', 'type', 'status', 'asking again can help'], toCodeRows(prefix)),
    '## Types',
    ...errors.map((error) => toSection(schema, error)),
    '## Requests that reach no field',
    rejections,
    toTable(['code', 'status', 'meaning'], toRejectionRows()),
    `${outro}\n`,
  ].join('\n\n');
}

/** The types that implement AccessError, and what SCHEMA_TYPE_PREFIX put before their names. */
function findErrors(schema: GraphQLSchema) {
  const types = Object.values(schema.getTypeMap());
  const shared = types.filter(isInterfaceType).find(({ name }) => name.endsWith('AccessError'));
  const errors = types.filter(isObjectType).filter((type) => shared && type.getInterfaces().includes(shared));
  const prefix = shared?.name.slice(0, -'AccessError'.length) ?? '';
  return { prefix, errors: errors.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

function toCodeRows(prefix: string): string[][] {
  return Object.entries(errorCodes).map(([code, { httpStatus, retryable }]) => [
    `\`${code}\``,
    `\`${prefix}${typeNames[code as ErrorCode]}\``,
    code === 'NOT_ASSIGNED' ? `${httpStatus}; ${statusForProjects} for a project` : String(httpStatus),
    toAdvice(code as ErrorCode, retryable),
  ]);
}

// An upstream that may have done it is asked again by the gateway: the caller would only be told CONFLICT.
const toAdvice = (code: ErrorCode, isRetryable: boolean) =>
  isRetryable ? `yes${typeNames[code] === 'UpstreamError' ? ', unless `outcomeUnknown`' : ''}` : 'no';

const statusForProjects = new UserNotAssignedError('project').httpStatus;

const toRejectionRows = () =>
  Object.entries(rejectionCodes).map(([code, status]) => [
    `\`${code}\``,
    String(status),
    rejectionMeanings[code as keyof typeof rejectionMeanings],
  ]);

/** What a type means, what it tells beside what all errors do, and which mutations answer it. */
function toSection(schema: GraphQLSchema, error: GraphQLObjectType): string {
  const common = error.getInterfaces().flatMap((shared) => Object.keys(shared.getFields()));
  const own = Object.values(error.getFields()).filter(({ name }) => !common.includes(name));
  const mutations = Object.values(schema.getMutationType()?.getFields() ?? {}).filter(({ type }) => {
    const union = 'ofType' in type ? type.ofType : type;
    return isUnionType(union) && union.getTypes().includes(error);
  });
  return [
    `### ${error.name}`,
    error.description ?? '',
    own.map(({ name, type, description }) => `- \`${name}: ${type}\`: ${description}`).join('\n'),
    `Answered by ${mutations.map(({ name }) => `\`${name}\``).join(', ')}.`,
  ]
    .filter(Boolean)
    .join('\n\n');
}

/** A table whose columns are aligned, as it is read as plain text too. */
function toTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, at) => Math.max(...[head, ...rows].map((cells) => cells[at]?.length ?? 0)));
  const toLine = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  return [toLine(head), toLine(widths.map((width) => '-'.repeat(width))), ...rows.map(toLine)].join('\n');
}
