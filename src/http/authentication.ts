import type { IncomingMessage } from 'node:http';
import { type ExecutionArgs, type GraphQLError, getOperationAST } from 'graphql';
import type { Authenticate, CredentialCarrier } from '../auth/authenticate.js';
import type { ServerContext } from '../context.js';
import { toGraphQLError } from './errors.js';
import type { HttpPlugin } from './plugin.js';
import { getTraceId } from './trace-id.js';

/**
 * Finds out who is calling, once a request, before its document is looked at: whether it may ask for the schema depends
 * on it. A credential that is there and wrong is never taken for an anonymous caller: a query is answered with the error
 * and no data; a mutation goes on, and its fields answer the error as a member of their union.
 */
export function useAuthentication(authenticate: Authenticate): HttpPlugin {
  return {
    async onRequestParse({ request, serverContext }) {
      getTraceId(request, serverContext);
      if (!serverContext.authenticateAgain) {
        await identify(authenticate, toCarrier(request, serverContext.req), serverContext);
      }
    },
    onExecute({ args, context, setResultAndStopExecution }) {
      const error = findCallerError(args, context);
      if (error) {
        setResultAndStopExecution({ errors: [error] });
      }
    },
    onSubscribe({ context, setResultAndStopExecution }) {
      if (context.authenticationError) {
        setResultAndStopExecution({ errors: [toGraphQLError(context.authenticationError)] });
      }
    },
  };
}

/** Finds out who is calling, and puts it into the server context. */
export async function identify(
  authenticate: Authenticate,
  carrier: CredentialCarrier,
  serverContext: ServerContext,
): Promise<void> {
  const { traceId } = serverContext;
  const authenticateAgain = () => authenticate(carrier, traceId);
  const { principal, error } = await authenticateAgain();
  Object.assign(serverContext, { principal, authenticationError: error, authenticateAgain });
}

/** Why a query or mutation is refused as a whole for who asks for it; null where it isn't. */
export function findCallerError(
  { document, operationName }: Pick<ExecutionArgs, 'document' | 'operationName'>,
  { authenticationError }: ServerContext,
): GraphQLError | null {
  const isRefused = authenticationError && getOperationAST(document, operationName)?.operation !== 'mutation';
  return isRefused ? toGraphQLError(authenticationError) : null;
}

/**
 * Where the credentials of a request are. From a socket the headers are read as they came: Node and the fetch API join
 * or drop the second of two equal ones, and which of two credentials counts must not depend on that.
 */
function toCarrier(request: Request, req: IncomingMessage | undefined): CredentialCarrier {
  return {
    headers: req ? toPairs(req.rawHeaders) : [...request.headers].map(([name, value]) => [name.toLowerCase(), value]),
    apiKeysInQuery: new URL(request.url).searchParams.getAll('api_key'),
  };
}

/** Headers as they came over a socket: every one, in the order of arrival, names in lower case. */
export function toPairs(rawHeaders: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    pairs.push([String(rawHeaders[i]).toLowerCase(), String(rawHeaders[i + 1])]);
  }
  return pairs;
}
