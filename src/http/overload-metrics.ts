import { Counter, Gauge, type Registry } from 'prom-client';
import type { Overload } from './overload.js';

/** Shows what is under way and what was refused. Counted where it happens, and only read here: a flood is no time for more. */
export function observeOverload(overload: Pick<Overload, 'state'>, registers: Registry[]): void {
  new Gauge({
    name: 'divest_requests_under_way',
    help: 'Requests over sockets that have begun, and that wait to begin.',
    labelNames: ['state'],
    registers,
    collect() {
      const { running, waiting } = overload.state();
      this.set({ state: 'running' }, running);
      this.set({ state: 'waiting' }, waiting);
    },
  });
  new Counter({
    name: 'divest_shed_requests_total',
    help: 'Requests answered 503 OVERLOADED: too many in flight, more than a share, a late event loop, waited too long; SLOW_BODY were cut off.',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset();
      for (const [reason, count] of Object.entries(overload.state().refused)) {
        this.inc({ reason }, count);
      }
    },
  });
}
