import { GraphQLError } from 'graphql';
import { createSchema, createYoga } from 'graphql-yoga';
import type { Logger } from 'pino';
import type { Authenticate } from '../../src/auth/authenticate.js';
import type { Principal } from '../../src/auth/principal.js';
import type { Config } from '../../src/config.js';
import type { ServerContext } from '../../src/context.js';
import {
  AccessError,
  type ErrorCode,
  InternalError,
  RateLimitedError,
  UnauthenticatedError,
} from '../../src/errors.js';
import { useAuthentication } from '../../src/http/authentication.js';
import { createCors } from '../../src/http/cors.js';
import { useCsrf } from '../../src/http/csrf.js';
import { createDirectWay, useGivenResult } from '../../src/http/direct-way.js';
import { createDocumentCache } from '../../src/http/document-cache.js';
import { useDocumentLimits } from '../../src/http/document-limits.js';
import { useErrors } from '../../src/http/errors.js';
import { useEventStreams } from '../../src/http/event-streams.js';
import { useGraphiQL } from '../../src/http/graphiql.js';
import type { DemoHeaders } from '../../src/http/graphiql-tabs.js';
import { useHealth } from '../../src/http/health.js';
import { useIntrospectionGuard } from '../../src/http/introspection.js';
import { useRequestLimits } from '../../src/http/limits.js';
import { createMetrics, useMetrics } from '../../src/http/metrics.js';
import { useObservation } from '../../src/http/observation.js';
import { createExecuteOperation } from '../../src/http/operations.js';
import { logRefusal, useRequestLog } from '../../src/http/request-log.js';
import { useResponseHeaders } from '../../src/http/response-headers.js';
import { useTraceId } from '../../src/http/trace-id.js';
import { createYogaOptions } from '../../src/http/yoga-options.js';
import { createLogger } from '../../src/log.js';
import type { Upstreams } from '../../src/upstreams/connector.js';
import { reach } from '../support/ways-in.js';

/** A principal for tests that need one and don't care whose. */
export const administrator: Principal = {
  credential: 'BEARER',
  organization: { id: 'org_test', name: 'Test', features: [] },
  user: null,
  actor: 'user_ada',
  claims: ['ORG_ADMIN'],
  authorities: new Set(['ORG_ADMIN'] as const),
  tokenIssuedAt: 1,
};

/** Bearer `good` is the administrator, anything else in Authorization is wrong; `away` finds the key server away. */
const authenticateByName: Authenticate = async ({ headers }) => {
  const credentials = headers.filter(([name]) => name === 'authorization').map(([, value]) => value);
  if (credentials.length === 0) {
    return { principal: null, error: null };
  }
  if (credentials.length === 1 && credentials[0] === 'Bearer good') {
    return { principal: administrator, error: null };
  }
  const isAway = credentials[0] === 'Bearer away';
  return { principal: null, error: isAway ? new InternalError('UNAVAILABLE') : new UnauthenticatedError() };
};

const typeDefs = /* GraphQL */ `
  interface Node { id: ID! }
  interface AccessError { code: String! message: String! }
  type Viewer { name: String! user: User }
  type User implements Node { id: ID! name: String! friend: User friends: [User!]! role(id: ID!): String }
  type RemoveSuccess { applied: Boolean! user: User }
  type UnauthenticatedError implements AccessError { code: String! message: String! }
  type ConflictError implements AccessError { code: String! message: String! }
  union RemoveResult = RemoveSuccess | UnauthenticatedError | ConflictError
  enum Color { RED GREEN }
  input RemoveInput { id: ID! }
  type Query {
    viewer: Viewer!
    user(id: ID): User
    color: Color
    colors(of: [Color!]): Int
    fail(how: String!): String
    failHard(how: String!): String!
    slow(ms: Int!): String
  }
  type Mutation { remove(input: RemoveInput!): RemoveResult! }
`;

interface SmallContext extends ServerContext {
  onMutationSettled(mutation: string, code: ErrorCode | 'DONE'): void;
}

const user = { __typename: 'User', id: 'user_1', name: 'Ann' };

function fail(_parent: unknown, { how }: { how: string }): never {
  const failures: Record<string, () => unknown> = {
    unauthenticated: () => new UnauthenticatedError(),
    rate: () => new RateLimitedError(7),
    unavailable: () => new InternalError('UNAVAILABLE'),
    secret: () => new Error('password=hunter2 at db.internal: select * from users'),
    text: () => 'hunter2',
    graphql: () => new GraphQLError('Enum cannot represent hunter2'),
  };
  throw failures[how]?.();
}

/** How often each field of the small schema was resolved. */
type Calls = Record<string, number>;

function createSmallSchema(calls: Calls) {
  const count = (name: string) => {
    calls[name] = (calls[name] ?? 0) + 1;
  };
  return createSchema<SmallContext>({
    typeDefs,
    resolvers: {
      User: { friend: () => user, friends: () => [user] },
      RemoveResult: { __resolveType: ({ __typename }: { __typename: string }) => __typename },
      Query: {
        viewer: () => ({ name: 'Ann', user }),
        user: () => user,
        color: () => 'hunter2',
        colors: () => 1,
        fail,
        failHard: fail,
        slow: async (_parent, { ms }: { ms: number }) => {
          count('slow');
          await new Promise((resolve) => setTimeout(resolve, ms));
          return 'done';
        },
      },
      Mutation: {
        remove(_parent, _args, { authenticationError, onMutationSettled }) {
          count('remove');
          if (authenticationError instanceof AccessError) {
            onMutationSettled('remove', authenticationError.code);
            return { __typename: authenticationError.name, code: authenticationError.code, message: '' };
          }
          onMutationSettled('remove', 'DONE');
          return { __typename: 'RemoveSuccess', applied: true };
        },
      },
    },
  });
}

export interface SmallGatewayOptions {
  readonly config?: Partial<Config>;
  readonly authenticate?: Authenticate;
  readonly isDraining?: () => boolean;
  readonly query?: () => Promise<never[]>;
  readonly isAuthorized?: (authorization: string | null) => Promise<boolean>;
  readonly demoHeaders?: () => Promise<DemoHeaders>;
  readonly consolePath?: string;
  readonly upstreams?: Pick<Upstreams, 'state'>;
  readonly log?: Logger;
}

/** The HTTP layer around a small schema, where the parts behind it can be made to fail. */
export function createSmallGateway(options: SmallGatewayOptions = {}) {
  const { config = {}, authenticate = authenticateByName, isDraining = () => false } = options;
  const { introspection = 'on', graphiql = 'on', metrics: access = 'on', corsOrigins = [] } = config;
  const { query = async () => [], isAuthorized = async (header) => header === 'Basic good' } = options;
  const { log = createLogger({ logLevel: 'silent' }), upstreams = { state: () => [] } } = options;
  const { demoHeaders, consolePath } = options;
  const calls: Calls = {};
  const schema = createSmallSchema(calls);
  const database = { poolState: () => ({ open: 3, idle: 2, waiting: 0 }), query };
  const overload = {
    state: () => ({
      running: 2,
      waiting: 1,
      refused: { IN_FLIGHT: 5, SHARE: 0, EVENT_LOOP: 0, WAITED: 0, SLOW_BODY: 0 },
    }),
  };
  const metrics = createMetrics({ database, upstreams, streams: { count: () => 0 }, overload, log });
  const complete = (serverContext: ServerContext) => ({
    ...serverContext,
    onMutationSettled: (mutation: string, code: ErrorCode | 'DONE') => {
      const { traceId = '', principal = null, authenticationError = null } = serverContext;
      metrics.onMutationSettled(mutation, code);
      logRefusal(log, { traceId, principal, authenticationError }, mutation, code);
    },
  });
  const documents = createDocumentCache();
  const yoga = createYoga<ServerContext, SmallContext>({
    ...createYogaOptions(documents),
    schema,
    cors: createCors(corsOrigins),
    context: complete,
    plugins: [
      useGivenResult(),
      useTraceId(),
      useObservation(),
      useResponseHeaders(),
      useErrors(log),
      useRequestLimits(),
      useHealth({ database: { query: query as never }, isDraining, upstreams, log }),
      useMetrics({ metrics, access, isAuthorized, log }),
      useGraphiQL({
        ...{ access: graphiql, schema, isAuthorized, log },
        ...(demoHeaders && { demoHeaders }),
        ...(consolePath && { consolePath }),
      }),
      useCsrf(),
      useEventStreams(),
      useAuthentication(authenticate),
      useDocumentLimits(introspection),
      useIntrospectionGuard(introspection),
      useRequestLog(log),
    ],
  });
  const executeOperation = createExecuteOperation({
    ...{ schema, documents, introspection, complete: complete as never },
  });
  const requestListener = createDirectWay({
    ...{ yoga, authenticate, executeOperation, metrics, log },
    overload: { whileAtWork: (_request, work) => work(), answered: () => {} },
  });
  return { yoga, requestListener, calls, schema, metrics };
}

export type SmallGateway = ReturnType<typeof createSmallGateway>;

const address = 'http://localhost/graphql';

/** What a client sees of an answer. */
export interface Seen {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the gateway answered
  readonly body: any;
}

async function see(response: Response): Promise<Seen> {
  const text = await response.text();
  const isJson = (response.headers.get('content-type') ?? '').includes('json');
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

/** Sends one document by POST. */
export async function ask(
  { yoga, requestListener }: Pick<SmallGateway, 'yoga' | 'requestListener'>,
  query: string,
  { variables, headers = {} }: { variables?: object; headers?: Record<string, string> } = {},
): Promise<Seen> {
  const body = JSON.stringify({ query, variables });
  const all = { 'content-type': 'application/json', accept: 'application/graphql-response+json', ...headers };
  return see(await reach({ fetch: yoga.fetch, requestListener }, address, { method: 'POST', headers: all, body }));
}

/** Sends anything to `/graphql` or, with a path, elsewhere. */
export async function send({ yoga }: Pick<SmallGateway, 'yoga'>, init: RequestInit = {}, path = '/graphql') {
  return see(await yoga.fetch(new URL(path, address).href, init));
}
