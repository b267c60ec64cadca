import type { Logger } from 'pino';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { MutationOutcome } from '../context.js';
import type { Database } from '../database/database.js';
import { errorCodes } from '../errors.js';
import type { Upstreams } from '../upstreams/connector.js';
import type { UpstreamCallFacts } from '../upstreams/observed-call.js';
import { findOperation, getElapsedSeconds } from './observation.js';
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

/** Starts counting for one gateway. */
export function createMetrics(database: Pick<Database, 'poolState'>, upstreams: Pick<Upstreams, 'state'>): Metrics {
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
  const onUpstreamCall = createUpstreamMetrics(upstreams, registers);
  return {
    onMutationSettled: (mutation, outcome) => mutations.inc({ mutation, outcome }),
    onResponse({ status, operation, seconds }) {
      requests.inc({ status, operation });
      durations.observe({ operation }, seconds);
    },
    onUpstreamCall,
    onError: (code) => errors.inc({ code: isKnownCode(code) ? code : 'OTHER' }),
    print: async () => (await Promise.all([getProcessRegistry(), ...registers].map((one) => one.metrics()))).join('\n'),
    contentType: Registry.PROMETHEUS_CONTENT_TYPE,
  };
}

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
    onResultProcess({ result }) {
      for (const { extensions } of ('errors' in result && result.errors) || []) {
        const { code } = extensions;
        metrics.onError(code);
      }
    },
    onResponse({ request, response }) {
      const operation = findOperation(request)?.kind ?? 'none';
      metrics.onResponse({ status: response.status, operation, seconds: getElapsedSeconds(request) });
    },
  };
}
