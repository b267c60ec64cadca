import type { Logger } from 'pino';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { MutationOutcome, ServerContext } from '../context.js';
import type { Database } from '../database/database.js';
import { errorCodes } from '../errors.js';
import type { Streams } from '../streams.js';
import type { Upstreams } from '../upstreams/connector.js';
import type { UpstreamCallFacts } from '../upstreams/observed-call.js';
import { mapResults } from './event-streams.js';
import { getElapsedSeconds } from './observation.js';
import type { Overload } from './overload.js';
import { observeOverload } from './overload-metrics.js';
import type { HttpPlugin } from './plugin.js';
import { isRejectionCode } from './rejections.js';
import { type Guard, guarded, useRoute } from './route.js';
import { createUpstreamMetrics } from './upstream-metrics.js';

/**
 * What one gateway counts. Every label comes from a closed set of ours: a label that a caller could fill (an operation's
 * name, an id, a path) would make as many time series as the caller likes.
 */
export interface Metrics {
  /** Counts how one mutation field ended. */
  onMutationSettled(mutation: string, outcome: MutationOutcome): void;
  /** Counts one HTTP response. */
  onResponse(response: { readonly status: number; readonly operation: string; readonly seconds: number }): void;
  /** Counts one top-level error. */
  onError(code: unknown): void;
  /** Counts one removal or grant of an upstream. */
  onUpstreamCall(facts: UpstreamCallFacts): void;
  /** Everything counted so far, in the text format of Prometheus. */
  print(): Promise<string>;
  readonly contentType: string;
}

// Memory, CPU and event loop are the process's, however many gateways it runs; its observers can't be taken back.
let processRegistry: Registry | null = null;

function getProcessRegistry(): Registry {
  if (!processRegistry) {
    processRegistry = new Registry();
    collectDefaultMetrics({ register: processRegistry });
  }
  return processRegistry;
}

/** What is counted besides what is told. */
interface Counted {
  readonly database: Pick<Database, 'poolState' | 'query'>;
  readonly upstreams: Pick<Upstreams, 'state'>;
  readonly streams: Pick<Streams, 'count'>;
  readonly overload: Pick<Overload, 'state'>;
  readonly log: Logger;
  /** Given all registries, returns how to print them together with those of other processes. */
  readonly joinMetrics?: ((registries: Registry[]) => () => Promise<string>) | undefined;
}

/** Starts counting for one gateway. */
export function createMetrics(counted: Counted): Metrics {
  const { database, upstreams, streams, overload, log, joinMetrics = printAll } = counted;
  const registers = [new Registry()];
  const requests = new Counter({
    name: 'divest_http_requests_total',
    help: 'HTTP responses, by status and kind of operation.',
    labelNames: ['status', 'operation'],
    registers,
  });
  const durations = new Histogram({
    name: 'divest_http_request_duration_seconds',
    help: 'Time from the request to its response, by kind of operation.',
    labelNames: ['operation'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const mutations = new Counter({
    name: 'divest_mutations_total',
    help: 'Mutation fields, by name and by how they ended: DONE or the code of the error.',
    labelNames: ['mutation', 'outcome'],
    registers,
  });
  const errors = new Counter({
    name: 'divest_refused_requests_total',
    help: 'Top-level errors: requests that never reached a mutation, and failed queries, by code.',
    labelNames: ['code'],
    registers,
  });
  observePool(database, registers);
  observeStreams(streams, registers);
  observeProcesses(registers);
  observeOverload(overload, registers);
  const onUpstreamCall = createUpstreamMetrics({ upstreams, queries: database, log }, registers);
  return {
    onMutationSettled: (mutation, outcome) => mutations.inc({ mutation, outcome }),
    onResponse({ status, operation, seconds }) {
      requests.inc({ status, operation });
      durations.observe({ operation }, seconds);
    },
    onUpstreamCall,
    onError: (code) => errors.inc({ code: isKnownCode(code) ? code : 'OTHER' }),
    print: joinMetrics([getProcessRegistry(), ...registers]),
    contentType: Registry.PROMETHEUS_CONTENT_TYPE,
  };
}

const printAll = (registries: Registry[]) => async () =>
  (await Promise.all(registries.map((one) => one.metrics()))).join('\n');

const isKnownCode = (code: unknown): code is string =>
  isRejectionCode(code) || (typeof code === 'string' && Object.hasOwn(errorCodes, code));

function observePool(database: Pick<Database, 'poolState'>, registers: Registry[]): void {
  new Gauge({
    name: 'divest_database_connections',
    help: 'Connections to the database that are open and idle, and requests waiting for one.',
    labelNames: ['state'],
    registers,
    collect() {
      for (const [state, count] of Object.entries(database.poolState())) {
        this.set({ state }, count);
      }
    },
  });
}

function observeStreams(streams: Pick<Streams, 'count'>, registers: Registry[]): void {
  new Gauge({
    name: 'divest_open_streams',
    help: 'Subscriptions that are open.',
    registers,
    collect() {
      this.set(streams.count());
    },
  });
}

/** Counts a response to a request. */
export function countResponse(metrics: Metrics, status: number, context: ServerContext): void {
  metrics.onResponse({ status, operation: context.operation?.kind ?? 'none', seconds: getElapsedSeconds(context) });
}

function observeProcesses(registers: Registry[]): void {
  const processes = new Gauge({
    name: 'divest_processes',
    help: 'Processes that these metrics are the sum of: the workers, or one.',
    registers,
  });
  processes.set(1);
}

/** What is counted, and who may read it. */
export interface MetricsParts extends Guard {
  readonly metrics: Metrics;
  readonly log: Logger;
}

/**
 * Counts every response, and every error that is answered at the top level. Shows the counts at `/metrics` to anyone,
 * to holders of a management token, or to nobody.
 */
export function useMetrics({ metrics, log, ...guard }: MetricsParts): HttpPlugin {
  const answer = async () => {
    return { status: 200, headers: { 'Content-Type': metrics.contentType }, body: await metrics.print() };
  };
  return {
    onPluginInit({ addPlugin }) {
      if (guard.access !== 'off') {
        addPlugin(useRoute({ path: '/metrics', log, answer: guarded(guard, answer) }));
      }
    },
    onResultProcess({ result, setResult }) {
      setResult(
        mapResults(result, (one) => {
          for (const { extensions } of one.errors ?? []) {
            const { code } = extensions;
            metrics.onError(code);
          }
          return one;
        }),
      );
    },
    onResponse({ response: { status }, serverContext }) {
      countResponse(metrics, status, serverContext);
    },
  };
}
