import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';
import { type FromWorker, type ToWorker, workerVariable } from './messages.js';

/** How a worker ended. */
interface Ended {
  /** Null where a signal ended it. */
  readonly code: number | null;
}

/** A place for a worker, in which there is always one until it is stopped. */
export interface Place {
  /** What the first worker here says when it takes requests. */
  readonly announced: Promise<string>;
  /** The first worker here ended before it took requests, unasked. Nobody takes its place. */
  readonly endedEarly: Promise<Ended>;
  /** How often workers have ended here, once that is too often. Nobody takes the place of the last one. */
  readonly givenUp: Promise<number>;
  /** Asks the worker to stop, and answers its exit code; null where a signal ended it. */
  stop(): Promise<number | null>;
  kill(): void;
}

// A worker that ends more often than this within the time will do so again.
const mostDeaths = 5;
const deathsWithinMs = 60_000;
const firstPauseMs = 100;

/** Starts a worker, and another one in its place whenever it ends unasked, after a pause that grows. */
export function startPlace(log: Logger): Place {
  const [announced, endedEarly, givenUp] = [signal<string>(), signal<Ended>(), signal<number>()];
  let deaths: number[] = [];
  let timer: NodeJS.Timeout | null = null;
  let isStopping = false;
  let wasUp = false;

  const start = () => {
    timer = null;
    const started = cluster.fork({ [workerVariable]: 'true' });
    started.on('message', (message: FromWorker) => {
      if (message.type === 'divest:listening') {
        wasUp = true;
        announced.resolve(message.announcement);
      }
    });
    started.once('exit', (code: number | null, by: string | null) => {
      if (!isStopping) {
        restart({ worker: started.process.pid, code, signal: by });
      }
    });
    return started;
  };

  const restart = (facts: {
    readonly worker: number | undefined;
    readonly code: number | null;
    readonly signal: unknown;
  }) => {
    if (!wasUp) {
      endedEarly.resolve({ code: facts.code });
      return;
    }
    const now = performance.now();
    deaths = [...deaths.filter((at) => at > now - deathsWithinMs), now];
    if (deaths.length > mostDeaths) {
      givenUp.resolve(deaths.length);
      return;
    }
    log.error(facts, 'a worker ended, and another one is started');
    timer = setTimeout(
      () => {
        worker = start();
      },
      deaths.length === 1 ? 0 : firstPauseMs * 2 ** deaths.length,
    );
  };

  let worker = start();
  return {
    announced: announced.promise,
    endedEarly: endedEarly.promise,
    givenUp: givenUp.promise,
    stop: () => {
      isStopping = true;
      const isPausing = timer !== null;
      clearTimeout(timer ?? undefined);
      return isPausing ? Promise.resolve(0) : stopWorker(worker);
    },
    kill: () => worker.process.kill('SIGKILL'),
  };
}

function stopWorker({ process }: Worker): Promise<number | null> {
  if (process.exitCode !== null || process.signalCode !== null) {
    return Promise.resolve(process.exitCode);
  }
  return new Promise((resolve) => {
    process.once('exit', resolve);
    const message: ToWorker = { type: 'divest:stop' };
    // It may be ending just now.
    process.send?.(message, () => {});
  });
}

function signal<T>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
