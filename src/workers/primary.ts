import type { Logger } from 'pino';
import { answerMetrics } from './metrics.js';
import { type Place, startPlace } from './place.js';

/** The workers can't be kept running. The message says why; it is empty where a worker has said it itself. */
class WorkerError extends Error {
  constructor(
    message: string,
    readonly exitCode: number = 1,
  ) {
    super(message);
    this.name = 'WorkerError';
  }
}

export interface PrimaryParts {
  readonly count: number;
  /** How long a worker that stops waits for what is under way. */
  readonly graceSeconds: number;
  /** Resolves when all are to stop. */
  readonly stopped: Promise<void>;
  /** Told once, when the first worker takes requests. */
  readonly announce: (text: string) => void;
  readonly log: Logger;
}

// What a worker gets beyond the grace period, to let go of its database.
const afterGraceMs = 5_000;

/**
 * Runs workers that share the port until it is told to stop, and then until the last one has ended. One that ends
 * unasked is started again. Throws {@link WorkerError} where the first one doesn't come up, where one keeps ending, and
 * where one doesn't stop as it should.
 */
export async function runWorkers(parts: PrimaryParts): Promise<void> {
  const places: Place[] = [];
  // Whoever ends at once ends them too. Workers whose primary is killed stop by themselves.
  const killAll = () => {
    for (const place of places) {
      place.kill();
    }
  };
  process.on('exit', killAll);
  answerMetrics(parts.log);
  try {
    const failure = await Promise.race([keepRunning(places, parts), parts.stopped.then(() => null)]);
    const areClean = await stopAll(places, parts);
    if (failure) {
      throw failure;
    }
    if (!areClean) {
      throw new WorkerError('');
    }
  } finally {
    process.off('exit', killAll);
  }
}

// The first one alone: where the settings are wrong or the port is taken, that is said once. It migrates, too.
async function keepRunning(places: Place[], { count, announce, log }: PrimaryParts): Promise<WorkerError> {
  const first = startPlace(log);
  places.push(first);
  const outcome = await Promise.race([first.announced, first.endedEarly]);
  if (typeof outcome !== 'string') {
    return new WorkerError('', outcome.code ?? 1);
  }
  announce(outcome);
  for (let place = 1; place < count; place++) {
    places.push(startPlace(log));
  }
  const deaths = await Promise.race(places.map((place) => place.givenUp));
  return new WorkerError(`A worker ended ${deaths} times within a minute. The log says how.`);
}

/** Whether all of them ended as they should, and in time. */
async function stopAll(places: readonly Place[], { graceSeconds, log }: PrimaryParts): Promise<boolean> {
  const timer = setTimeout(
    () => {
      log.error('workers did not stop within the grace period, and are killed');
      for (const place of places) {
        place.kill();
      }
    },
    graceSeconds * 1000 + afterGraceMs,
  );
  const codes = await Promise.all(places.map((place) => place.stop()));
  clearTimeout(timer);
  return codes.every((code) => code === 0);
}
