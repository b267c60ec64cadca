import type { IncomingMessage } from 'node:http';
import { type DocumentNode, getOperationAST } from 'graphql';
import type { Logger } from 'pino';
import type { Authenticate, CredentialCarrier } from '../auth/authenticate.js';
import { toGraphQLError } from './errors.js';
import type { HttpPlugin } from './plugin.js';
import { getTraceId } from './trace-id.js';

/**
 * Finds out who is calling, once a request, before its document is looked at: whether it may ask for the schema depends
 * on it. A credential that is there and wrong is never taken for an anonymous caller: a query is answered with the error
 * and no data; a mutation goes on, and its fields answer the error as a member of their union.
 */
export function useAuthentication(authenticate: Authenticate, log: Logger): HttpPlugin {
  return {
    async onRequestParse({ request, serverContext }) {
      const traceId = getTraceId(request, serverContext);
      const carrier = toCarrier(request, serverContext.req);
      const { principal, error } = await authenticate(carrier, log.child({ traceId }));
      Object.assign(serverContext, { principal, authenticationError: error });
    },
    onExecute({ args, context, setResultAndStopExecution }) {
      if (context.authenticationError && !isMutation(args.document, args.operationName)) {
        setResultAndStopExecution({ errors: [toGraphQLError(context.authenticationError)] });
      }
    },
  };
}

const isMutation = (document: DocumentNode, operationName: string | null | undefined) =>
  getOperationAST(document, operationName)?.operation === 'mutation';

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

function toPairs(rawHeaders: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    pairs.push([String(rawHeaders[i]).toLowerCase(), String(rawHeaders[i + 1])]);
  }
  return pairs;
}
