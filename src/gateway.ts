import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GraphQLSchema } from 'graphql';
import { createYoga } from 'graphql-yoga';
import type { Logger } from 'pino';
import { createAuthenticate } from './auth/authenticate.js';
import { createBasicAuthorization } from './auth/basic.js';
import { Batches } from './batching.js';
import type { Config } from './config.js';
import type { Context, ServerContext } from './context.js';
import type { Database } from './database/database.js';
import { InternalError } from './errors.js';
import { useAuthentication } from './http/authentication.js';
import { useConsole } from './http/console.js';
import { createCors } from './http/cors.js';
import { useCsrf } from './http/csrf.js';
import { useDocumentLimits } from './http/document-limits.js';
import { useErrors } from './http/errors.js';
import { useGraphiQL } from './http/graphiql.js';
import { useHealth } from './http/health.js';
import { isIntrospectionOpen, useIntrospectionGuard } from './http/introspection.js';
import { useRequestLimits } from './http/limits.js';
import { createMetrics, useMetrics } from './http/metrics.js';
import { useObservation } from './http/observation.js';
import { usePageArguments } from './http/page-arguments.js';
import { createRateLimiter } from './http/rate-limit.js';
import { closeRedis, openRedis } from './http/redis.js';
import { logRefusal, useRequestLog } from './http/request-log.js';
import { useResponseHeaders } from './http/response-headers.js';
import { useTraceId } from './http/trace-id.js';
import { createYogaOptions } from './http/yoga-options.js';
import { buildSchema } from './schema/index.js';
import { createUpstreams } from './upstreams/upstreams.js';

/** What a gateway is made of. */
export interface GatewayParts {
  readonly config: Config;
  /** Migrated, and closed by whoever opened it. */
  readonly database: Database;
  readonly clock: () => Date;
  readonly log: Logger;
  /** Headers that GraphiQL fills in, by root field; for the demo only. */
  readonly demoHeaders?: Parameters<typeof useGraphiQL>[0]['demoHeaders'];
  /** Where the console was built, if not where `npm run build` puts it. */
  readonly consoleFolder?: URL;
}

export interface Gateway {
  readonly schema: GraphQLSchema;
  /** Answers a request without a socket. */
  readonly fetch: (url: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** Answers a request of node:http. */
  readonly requestListener: (request: IncomingMessage, response: ServerResponse) => unknown;
  /** From now on `/health/ready` says that it isn't. */
  drain(): void;
  /** Lets go of what the gateway opened itself. */
  close(): Promise<void>;
}

/** Wires a gateway: the only place where its parts meet. */
export async function createGateway({
  config,
  database,
  clock,
  log,
  demoHeaders,
  consoleFolder,
}: GatewayParts): Promise<Gateway> {
  const schema = buildSchema({ typePrefix: config.schemaTypePrefix });
  const authenticate = await createAuthenticate({ config, database, clock, log });
  const isAuthorized = createBasicAuthorization(database, clock);
  const redis = config.redisUrl ? openRedis(config.redisUrl, log) : null;
  const limiter = createRateLimiter({ config, redis, log });
  const upstreams = createUpstreams({
    settings: config.upstreams,
    log,
    onCall: (facts) => metrics.onUpstreamCall(facts),
  });
  const metrics = createMetrics(database, upstreams);
  let draining = false;

  const toContext = ({ traceId, principal = null, authenticationError = null }: ServerContext): Context => {
    if (traceId === undefined) {
      throw new Error('The trace id was not set.');
    }
    const facts = { traceId, principal, authenticationError };
    return {
      ...facts,
      database,
      batches: new Batches(),
      log,
      clock,
      requestedAt: clock(),
      sessionTtlSeconds: config.sessionTtlSeconds,
      isSchemaOpen: isIntrospectionOpen(config.introspection, { principal }),
      consumeRateLimit: () => (principal ? limiter.consume(principal) : Promise.reject(new InternalError('INTERNAL'))),
      pageError: null,
      onMutationSettled: (mutation, outcome) => {
        metrics.onMutationSettled(mutation, outcome);
        logRefusal(log, facts, mutation, outcome);
      },
    };
  };

  const yoga = createYoga<ServerContext, Context>({
    ...createYogaOptions(),
    schema,
    context: toContext,
    cors: createCors(config.corsOrigins),
    plugins: [
      useTraceId(),
      useObservation(),
      useResponseHeaders(),
      useErrors(log),
      useRequestLimits(),
      useHealth({ database, isDraining: () => draining, upstreams, log }),
      useMetrics({ metrics, access: config.metrics, isAuthorized, log }),
      useConsole({
        ...{ access: config.console, isAuthorized, typePrefix: config.schemaTypePrefix, log },
        ...(consoleFolder && { folder: consoleFolder }),
      }),
      useGraphiQL({ access: config.graphiql, schema, isAuthorized, log, ...(demoHeaders && { demoHeaders }) }),
      useCsrf(),
      useAuthentication(authenticate, log),
      useDocumentLimits(config.introspection),
      useIntrospectionGuard(config.introspection),
      usePageArguments(),
      useRequestLog(log),
    ],
  });

  return {
    schema,
    fetch: async (url, init) => yoga.fetch(new Request(url, init)),
    requestListener: yoga,
    drain: () => {
      draining = true;
    },
    close: async () => {
      await upstreams.close();
      if (redis) {
        closeRedis(redis);
      }
    },
  };
}
