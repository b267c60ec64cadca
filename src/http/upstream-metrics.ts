import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { BreakerState, Upstreams } from '../upstreams/connector.js';
import { toLabel, type UpstreamCallFacts } from '../upstreams/observed-call.js';

const breakerStates: readonly BreakerState[] = ['CLOSED', 'HALF_OPEN', 'OPEN'];

/**
 * Counts the calls of upstreams, by system: whoever holds a management token may read the metrics, and must not learn
 * from them which organizations there are.
 */
export function createUpstreamMetrics(upstreams: Pick<Upstreams, 'state'>, registers: Registry[]) {
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
