import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GraphQLSchema } from 'graphql';
import { createYoga } from 'graphql-yoga';
import type { Logger } from 'pino';
import { createAuthenticate } from './auth/authenticate.js';
import { createBasicAuthorization } from './auth/basic.js';
import { createGuesses } from './auth/guesses.js';
import { createComplete } from './complete-context.js';
import type { Config } from './config.js';
import type { ServerContext } from './context.js';
import type { Database } from './database/database.js';
import { useAuthentication } from './http/authentication.js';
import { consolePath, useConsole } from './http/console.js';
import { createCors } from './http/cors.js';
import { useCsrf } from './http/csrf.js';
import { createDirectWay, useGivenResult } from './http/direct-way.js';
import { createDocumentCache } from './http/document-cache.js';
import { useDocumentLimits } from './http/document-limits.js';
import { useErrors } from './http/errors.js';
import { useEventStreams } from './http/event-streams.js';
import { createFlows } from './http/flows.js';
import { useGraphiQL } from './http/graphiql.js';
import { useHealth } from './http/health.js';
import { useIntrospectionGuard } from './http/introspection.js';
import { useRequestLimits } from './http/limits.js';
import { createMetrics, useMetrics } from './http/metrics.js';
import { useObservation } from './http/observation.js';
import { createExecuteOperation } from './http/operations.js';
import { createOverload } from './http/overload.js';
import { usePageArguments } from './http/page-arguments.js';
import { usePlaces } from './http/places.js';
import { createRateLimiter } from './http/rate-limit.js';
import { closeRedis, openRedis, openSubscriber } from './http/redis.js';
import { useRequestLog } from './http/request-log.js';
import { useResponseHeaders } from './http/response-headers.js';
import { useTraceId } from './http/trace-id.js';
import { noteOperation, useTracing } from './http/tracing.js';
import { createYogaOptions } from './http/yoga-options.js';
import { createOffboardingEvents } from './offboarding-events.js';
import { buildSchema } from './schema/index.js';
import { createStreams } from './streams.js';
import { warnOfAbandonedCalls } from './upstreams/abandoned-calls.js';
import { createUpstreams } from './upstreams/upstreams.js';
import { createWorker, type SettledByWorker } from './upstreams/worker.js';

/** What a gateway is made of. */
export interface GatewayParts {
  readonly config: Config;
  /** Migrated, and closed by whoever opened it. */
  readonly database: Database;
  readonly clock: () => Date;
  readonly log: Logger;
  /** Headers that GraphiQL fills in, by root field; for the demo only. */
  readonly demoHeaders?: Parameters<typeof useGraphiQL>[0]['demoHeaders'];
  /** Where there are other processes: how their metrics become one with these. */
  readonly joinMetrics?: Parameters<typeof createMetrics>[0]['joinMetrics'];
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
  database: untraced,
  clock,
  log,
  demoHeaders,
  joinMetrics,
  consoleFolder,
}: GatewayParts): Promise<Gateway> {
  const tracing = config.traces && (await import('./tracing/open-telemetry.js')).openTracing(config.traces);
  const database = tracing ? tracing.traceDatabase(untraced) : untraced;
  const schema = buildSchema({ typePrefix: config.schemaTypePrefix });
  const redis = config.redisUrl ? openRedis(config.redisUrl, log) : null;
  const flows = createFlows();
  const guesses = createGuesses({ redis, log });
  const authenticate = flows.learnFrom(await createAuthenticate({ config, database, clock, guesses, log }));
  const isAuthorized = createBasicAuthorization({ database, clock, guesses });
  const subscriber = redis && openSubscriber(redis);
  const events = createOffboardingEvents(redis && subscriber && { publisher: redis, subscriber }, log);
  const streams = createStreams();
  const limiter = createRateLimiter({ config, redis, log });
  const upstreams = createUpstreams({
    settings: config.upstreams,
    log,
    tracing,
    onCall: (facts) => metrics.onUpstreamCall(facts),
  });
  const overload = createOverload({ config, flows, log });
  const metrics = createMetrics({ database, upstreams, streams, overload, log, joinMetrics });
  await warnOfAbandonedCalls(database, upstreams, log);
  const onSettled = ({ record }: SettledByWorker) => {
    if (typeof record['offboarding_id'] === 'string') {
      events.publish(record['offboarding_id']);
    }
  };
  const worker = createWorker({ queries: database, upstreams, log, onSettled });
  const begun = (id: string) => {
    worker.wake();
    events.publish(id);
  };
  let draining = false;

  const complete = createComplete({
    ...{ config, database, clock, log, upstreams, streams, limiter, metrics, tracing, overload },
    offboardings: { events, begun },
  });
  const documents = createDocumentCache();
  const yoga = createYoga<ServerContext>({
    ...createYogaOptions(documents),
    schema,
    cors: createCors(config.corsOrigins),
    plugins: [
      useGivenResult(),
      { onContextBuilding: ({ context }: { readonly context: ServerContext }) => void complete(context) },
      useTraceId(),
      useObservation(),
      ...(tracing ? [useTracing(tracing)] : []),
      useResponseHeaders(),
      useErrors(log),
      useRequestLimits(),
      useHealth({ database, isDraining: () => draining, upstreams, log }),
      useMetrics({ metrics, access: config.metrics, isAuthorized, log }),
      useConsole({
        ...{ access: config.console, isAuthorized, typePrefix: config.schemaTypePrefix, log },
        ...(consoleFolder && { folder: consoleFolder }),
      }),
      useGraphiQL({
        ...{ access: config.graphiql, schema, isAuthorized, log },
        ...(config.console !== 'off' && { consolePath }),
        ...(demoHeaders && { demoHeaders }),
      }),
      useCsrf(),
      useEventStreams(),
      usePlaces(overload),
      useAuthentication(authenticate),
      useDocumentLimits(config.introspection),
      useIntrospectionGuard(config.introspection),
      usePageArguments(),
      useRequestLog(log),
    ],
  });

  const executeOperation = createExecuteOperation({
    ...{ schema, documents, complete, introspection: config.introspection },
    ...(tracing && { onOperation: (context) => noteOperation(tracing, context) }),
  });
  const direct = createDirectWay({ yoga, authenticate, executeOperation, overload, metrics, log });
  return {
    schema,
    fetch: async (url, init) => yoga.fetch(new Request(url, init)),
    requestListener: overload.guard(tracing ? tracing.traceRequests(direct) : direct),
    drain: () => {
      draining = true;
      streams.stop();
    },
    close: async () => {
      streams.stop();
      overload.close();
      await worker.close();
      await upstreams.close();
      await tracing?.close();
      for (const connection of [redis, subscriber]) {
        if (connection) {
          closeRedis(connection);
        }
      }
    },
  };
}
