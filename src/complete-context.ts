import type { Logger } from 'pino';
import type { Authentication } from './auth/authenticate.js';
import { Batches } from './batching.js';
import type { Config } from './config.js';
import type { Context, ServerContext } from './context.js';
import type { Database } from './database/database.js';
import { Reads } from './database/reads.js';
import { InternalError, UnauthenticatedError } from './errors.js';
import { isIntrospectionOpen } from './http/introspection.js';
import type { Metrics } from './http/metrics.js';
import type { Overload } from './http/overload.js';
import type { RateLimiter } from './http/rate-limit.js';
import { logRefusal } from './http/request-log.js';
import type { Streams } from './streams.js';
import type { Tracing } from './tracing/tracing.js';

export interface CompleteParts {
  readonly config: Pick<Config, 'introspection' | 'sessionTtlSeconds'>;
  readonly database: Database;
  readonly clock: () => Date;
  readonly log: Logger;
  readonly upstreams: Context['upstreams'];
  readonly offboardings: Context['offboardings'];
  readonly streams: Streams;
  readonly limiter: RateLimiter;
  readonly metrics: Pick<Metrics, 'onMutationSettled'>;
  readonly tracing: Pick<Tracing, 'noteOutcome'> | null;
  readonly overload: Pick<Overload, 'whileAside'>;
}

type Writable<Type> = { -readonly [Name in keyof Type]: Type[Name] };

/** The context of the server, once it is known who is calling. A request of the fetch API is there where it came to one. */
type Identified = ServerContext & { readonly request?: Request };

/** Makes of the server's context of a request what its resolvers are given: the same object, with all that they need. */
export function createComplete(parts: CompleteParts): (context: Identified) => Context {
  const { config, database, clock, log, upstreams, offboardings, streams, limiter, metrics, tracing, overload } = parts;
  return (identified) => {
    const { traceId, principal = null, authenticationError = null, authenticateAgain, request, req } = identified;
    if (traceId === undefined || !authenticateAgain) {
      throw new Error('The trace id was not set, or nobody was asked who is calling.');
    }
    const facts = { traceId, principal, authenticationError };
    // None of them is written where it is set: V8 puts a function that is assigned to a property as it stands among what is
    // old, with all that it refers to, and a request would then outlive every small garbage collection.
    const openStream: Context['openStream'] = (caller) => streams.open(caller, request?.signal ?? AbortSignal.abort());
    const whileAside: Context['whileAside'] = (work) => (req ? overload.whileAside(req, work) : work());
    const authenticateOnceMore = async () => toPrincipal(await authenticateAgain());
    const consumeRateLimit = () =>
      principal ? limiter.consume(principal) : Promise.reject(new InternalError('INTERNAL'));
    const onMutationSettled: Context['onMutationSettled'] = (mutation, outcome) => {
      metrics.onMutationSettled(mutation, outcome);
      tracing?.noteOutcome(mutation, outcome);
      logRefusal(log, facts, mutation, outcome);
    };
    // Set one by one: an object to which so much is assigned at once becomes a dictionary, where all is slower to find.
    const context = identified as object as Writable<Context>;
    context.principal = principal;
    context.authenticationError = authenticationError;
    context.database = database;
    context.upstreams = upstreams;
    context.offboardings = offboardings;
    context.openStream = openStream;
    context.whileAside = whileAside;
    context.authenticateAgain = authenticateOnceMore;
    context.batches = new Batches();
    context.reads = new Reads(database);
    context.log = log;
    context.clock = clock;
    context.requestedAt = clock();
    context.sessionTtlSeconds = config.sessionTtlSeconds;
    context.isSchemaOpen = isIntrospectionOpen(config.introspection, { principal });
    context.consumeRateLimit = consumeRateLimit;
    context.pageError = null;
    context.onMutationSettled = onMutationSettled;
    return context;
  };
}

function toPrincipal({ principal, error }: Authentication) {
  if (!principal) {
    throw error ?? new UnauthenticatedError();
  }
  return principal;
}
