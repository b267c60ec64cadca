import type { Logger } from 'pino';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Queries } from '../database/database.js';
import type { BreakerState, Upstreams } from '../upstreams/connector.js';
import { toLabel, type UpstreamCallFacts } from '../upstreams/observed-call.js';

const breakerStates: readonly BreakerState[] = ['CLOSED', 'HALF_OPEN', 'OPEN'];

export interface UpstreamMetricsParts {
  readonly upstreams: Pick<Upstreams, 'state'>;
  readonly queries: Queries;
  readonly log: Logger;
}

/**
 * Counts the calls of upstreams, by system: whoever holds a management token may read the metrics, and must not learn
 * from them which organizations there are.
 */
export function createUpstreamMetrics({ upstreams, queries, log }: UpstreamMetricsParts, registers: Registry[]) {
  const calls = new Counter({
    name: 'divest_upstream_calls_total',
    help: 'Removals and grants sent to upstreams, by system and by how they ended: the code where they were refused.',
    labelNames: ['system', 'operation', 'outcome'],
    registers,
  });
  const durations = new Histogram({
    name: 'divest_upstream_call_duration_seconds',
    help: 'Time of a call of an upstream, its retries included.',
    labelNames: ['system'],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  observeBreakers(upstreams, registers);
  observePending({ queries, log }, registers);
  return ({ system, operation, outcome, seconds }: UpstreamCallFacts): void => {
    calls.inc({ system, operation, outcome: toLabel(outcome) });
    durations.observe({ system }, seconds);
  };
}

function observeBreakers(upstreams: Pick<Upstreams, 'state'>, registers: Registry[]): void {
  new Gauge({
    name: 'divest_upstream_breakers',
    help: 'Upstreams by system and by the state of their circuit breaker. OPEN ones count as away.',
    labelNames: ['system', 'state'],
    // Each worker has breakers of its own for the same upstreams.
    aggregator: 'average',
    registers,
    collect() {
      this.reset();
      const all = upstreams.state();
      for (const system of new Set(all.map((one) => one.system))) {
        for (const state of breakerStates) {
          this.set({ system, state }, all.filter((one) => one.system === system && one.breaker === state).length);
        }
      }
    },
  });
}

/** What every gateway on the database would say alike: the calls are everybody's. */
function observePending({ queries, log }: Pick<UpstreamMetricsParts, 'queries' | 'log'>, registers: Registry[]): void {
  // Both are collected at once, and by one question.
  let asking: Promise<Pending[]> | null = null;
  const ask = () => {
    asking ??= readPending(queries, log).finally(() => {
      asking = null;
    });
    return asking;
  };
  const observe = (name: string, help: string, toValue: (pending: Pending) => number) =>
    new Gauge({
      ...{ name, help, labelNames: ['system'], registers },
      // Not the sum of what all workers find in the same database.
      aggregator: 'max',
      async collect() {
        const all = await ask();
        this.reset();
        for (const one of all) {
          this.set({ system: one.system }, toValue(one));
        }
      },
    });
  observe(
    'divest_upstream_pending',
    'Removals and grants that are PENDING, by system: under way, or of unknown outcome.',
    ({ pending }) => pending,
  );
  observe(
    'divest_upstream_pending_age_seconds',
    'For how long the oldest removal or grant of a system has been PENDING.',
    ({ seconds }) => seconds,
  );
}

interface Pending {
  readonly system: string;
  readonly pending: number;
  readonly seconds: number;
}

// Without a database the other metrics are all the more wanted.
async function readPending(queries: Queries, log: Logger): Promise<Pending[]> {
  try {
    return await queries.query<Pending>(
      `select system::text, count(*)::integer as pending,
         greatest(0, extract(epoch from clock_timestamp() - min(requested_at)))::double precision as seconds
       from upstream_calls group by system`,
    );
  } catch (err) {
    log.warn({ err }, 'the metrics of pending calls cannot be read');
    return [];
  }
}
