import { monitorEventLoopDelay } from 'node:perf_hooks';

const resolutionMs = 20;
const sampleMs = 500;

/** How late the process is with what it has to do. */
export interface EventLoop {
  /** Whether it was later than the bound, on average over the last half second. */
  isLate(): boolean;
  /** Stops watching. */
  stop(): void;
}

/**
 * Watches the event loop. The average, and not the longest delay: one pause of the garbage collector is no overload, a
 * loop that is late at every turn is.
 */
export function watchEventLoop(maxDelayMs: number): EventLoop {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  let isLate = false;
  const timer = setInterval(() => {
    // What is measured is the time between two ticks, which are meant to be so far apart.
    isLate = delays.mean / 1e6 - resolutionMs > maxDelayMs;
    delays.reset();
  }, sampleMs).unref();
  return {
    isLate: () => isLate,
    stop: () => {
      clearInterval(timer);
      delays.disable();
    },
  };
}
