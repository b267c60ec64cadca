import { AccessError } from './errors.js';
import { type Offboarding, stateOf } from './offboarding.js';
import type { OffboardingEvents } from './offboarding-events.js';
import type { OpenStream } from './streams.js';

/** How often the database is asked at least: changes are missed by events where Redis is away. */
const pollMs = 1_000;
/** How often it is asked at most, however fast the steps end. */
const pauseMs = 250;

/** What following an off-boarding needs. */
export interface Following {
  readonly id: string;
  /** The off-boarding as it is now. Throws where there is none that the caller may see. */
  readonly read: () => Promise<Offboarding>;
  readonly events: OffboardingEvents;
  readonly stream: OpenStream;
}

/**
 * An off-boarding as it is now, and again whenever it has changed, until it doesn't run any more. Asked for by a slow
 * reader, it is what holds then: nothing is kept up for it. `return` ends it at once, whatever it waits for.
 */
export function followOffboarding(following: Following): AsyncIterableIterator<Offboarding> {
  const states = follow(following);
  return {
    next: () => states.next(),
    return: () => {
      following.stream.close();
      return states.return(undefined);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

async function* follow({ id, read, events, stream }: Following): AsyncGenerator<Offboarding, undefined> {
  const changes = watch(events, id, stream.signal);
  try {
    let seen: Offboarding | null = null;
    while (!hasEnded(stream.signal)) {
      const now = await read();
      if (hasChanged(seen, now)) {
        yield now;
      }
      if (stateOf(now) !== 'RUNNING') {
        return;
      }
      seen = now;
      await changes.next();
    }
  } finally {
    stream.close();
  }
}

function hasEnded({ aborted, reason }: AbortSignal): boolean {
  if (aborted && reason instanceof AccessError) {
    throw reason;
  }
  return aborted;
}

const hasChanged = (before: Offboarding | null, now: Offboarding) =>
  !before || (['total', 'done', 'refused', 'pending'] as const).some((count) => before[count] !== now[count]);

/** Waits for changes; those of a pause are taken together, and those that came before it count too. */
function watch(events: OffboardingEvents, id: string, signal: AbortSignal) {
  let isChanged = false;
  let wakeUp = () => {};
  const stopListening = events.listen(id, () => {
    isChanged = true;
    wakeUp();
  });
  // Not where the waiting ends: nobody may ask for the next state any more.
  signal.addEventListener('abort', () => {
    stopListening();
    wakeUp();
  });
  const sleep = (ms: number, until: () => boolean) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wakeUp = () => {
        if (until()) {
          clearTimeout(timer);
          resolve();
        }
      };
      wakeUp();
    });
  return {
    async next(): Promise<void> {
      await sleep(pauseMs, () => signal.aborted);
      await sleep(pollMs - pauseMs, () => isChanged || signal.aborted);
      isChanged = false;
    },
  };
}
