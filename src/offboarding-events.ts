import type { Redis } from 'ioredis';
import type { Logger } from 'pino';

/** Tells those who follow an off-boarding that it may have changed. What changed is for the database to say. */
export interface OffboardingEvents {
  /** Never throws, and waits for nothing. */
  publish(id: string): void;
  /** Calls `listener` at every change from now on, until the function that it returns is called. */
  listen(id: string, listener: () => void): () => void;
}

const channel = 'divest:offboardings';

/**
 * With Redis, what happens at one gateway is heard at all of them; without it, or while it is away, at this one alone.
 * Nothing depends on it: whoever listens also looks into the database from time to time.
 *
 *   publisher   a connection that others use too
 *   subscriber  one of its own, which then can do nothing else
 */
export function createOffboardingEvents(
  redis: { readonly publisher: Redis; readonly subscriber: Redis } | null,
  log: Logger,
): OffboardingEvents {
  const listeners = new Map<string, Set<() => void>>();
  const emit = (id: string) => {
    for (const listener of listeners.get(id) ?? []) {
      listener();
    }
  };
  if (redis) {
    receive(redis.subscriber, emit, log);
  }
  return {
    publish(id) {
      emit(id);
      // Where Redis is away, that has been said in the log.
      redis?.publisher.publish(channel, id).catch(() => {});
    },
    listen(id, listener) {
      const all = listeners.get(id) ?? new Set();
      listeners.set(id, all.add(listener));
      return () => {
        all.delete(listener);
        if (all.size === 0 && listeners.get(id) === all) {
          listeners.delete(id);
        }
      };
    },
  };
}

// At every new connection: it is refused, and not kept for later, while there is none.
function receive(subscriber: Redis, emit: (id: string) => void, log: Logger): void {
  const subscribe = () => {
    subscriber
      .subscribe(channel)
      .catch((err: unknown) => log.warn({ err }, 'events of other gateways cannot be heard'));
  };
  subscriber.on('message', (_channel: string, id: string) => emit(id));
  subscriber.on('ready', subscribe);
  if (subscriber.status === 'ready') {
    subscribe();
  }
}
