import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhenResult, isBrokenCircuitError } from 'cockatiel';
import type { AttemptResult } from './attempt.js';
import type { BreakerState } from './connector.js';

/** After so many failures in a row an upstream counts as away … */
const failuresInARow = 5;
/** … and is left alone for so long. */
export const openMs = 10_000;

/** What of an upstream's answers says that it is in trouble, whoever asks it for what. */
const troubles: ReadonlySet<number> = new Set([500, 502, 503, 504]);
const isTrouble = (result: AttemptResult) => result.kind !== 'ANSWERED' || troubles.has(result.status);

/** Stops sending to an upstream that fails again and again, and tries it with one call from time to time. */
export interface Breaker {
  /** Makes an attempt; null where it was not made. */
  run(makeAttempt: () => Promise<AttemptResult>): Promise<AttemptResult | null>;
  /** An open breaker whose time is over is half open: nothing is known to be wrong until the next call. */
  state(): BreakerState;
}

export function createBreaker(onChange: (state: BreakerState) => void): Breaker {
  const policy = circuitBreaker(
    handleWhenResult((result) => isTrouble(result as AttemptResult)),
    { halfOpenAfter: openMs, breaker: new ConsecutiveBreaker(failuresInARow) },
  );
  let openedAt = 0;
  policy.onStateChange((state) => {
    openedAt = Date.now();
    onChange(names[state]);
  });
  const state = () =>
    policy.state === CircuitState.Open && Date.now() - openedAt >= openMs ? 'HALF_OPEN' : names[policy.state];
  return {
    state,
    async run(makeAttempt) {
      // The policy would have others wait for the one that is under way, beyond their own deadlines.
      if (policy.state === CircuitState.HalfOpen) {
        return null;
      }
      try {
        return await policy.execute(makeAttempt);
      } catch (error) {
        if (isBrokenCircuitError(error)) {
          return null;
        }
        throw error;
      }
    },
  };
}

const names: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: 'CLOSED',
  [CircuitState.HalfOpen]: 'HALF_OPEN',
  [CircuitState.Open]: 'OPEN',
  [CircuitState.Isolated]: 'OPEN',
};
