import { Redis } from 'ioredis';
import type { Logger } from 'pino';

/**
 * Opens a connection that never keeps a request waiting: a command fails at once where Redis is away, and after half a
 * second where it doesn't answer. It reconnects by itself; going away and coming back are one line in the log each.
 */
export function openRedis(url: string, log: Logger): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    connectTimeout: 1000,
    commandTimeout: 500,
    // The connection is given up a little before the command: then Redis is away, and the next command doesn't wait.
    socketTimeout: 400,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(attempt * 200, 5000),
  });
  let isAway = false;
  redis.on('error', (error) => {
    if (!isAway) {
      isAway = true;
      log.warn({ err: error }, 'Redis is away: rate limits are counted by this gateway alone until it is back');
    }
  });
  redis.on('ready', () => {
    if (isAway) {
      isAway = false;
      log.info('Redis is back');
    }
  });
  return redis;
}

/** A connection of its own to the same Redis, to hear what others publish. That it is away is told by the first one. */
export function openSubscriber(redis: Redis): Redis {
  const subscriber = redis.duplicate();
  subscriber.on('error', () => {});
  return subscriber;
}

/** Lets go of the connection; commands that are under way fail. */
export function closeRedis(redis: Redis): void {
  redis.disconnect();
}
