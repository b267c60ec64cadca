import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { type AccessError, RateLimitedError, UnauthenticatedError } from '../errors.js';

const guessesPerWindow = 100;
const windowSeconds = 60;

/** Counts wrong secrets, by the id that they were presented with. */
export interface Guesses {
  /**
   * Counts one more, and returns what to answer. Never rejects. Whoever has the right secret is not asked about here:
   * guessing locks nobody out.
   */
  onWrongSecret(id: string): Promise<AccessError>;
}

export interface GuessesParts {
  /** Gateways on one Redis share the counts; without it, or while it is away, each counts for itself. */
  readonly redis: Redis | null;
  readonly log: Logger;
}

/**
 * Answers UnauthenticatedError to a hundred wrong secrets of an id in a minute, and RateLimitedError to more, which is one line in
 * the log for each id and minute. Ids that nobody has are counted like those that somebody has, so that the answer
 * doesn't tell them apart.
 */
export function createGuesses({ redis, log }: GuessesParts): Guesses {
  const limiter = createLimiter(redis);
  return {
    async onWrongSecret(id) {
      try {
        await limiter.consume(toKey(id));
        return new UnauthenticatedError();
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) {
          log.error({ err: refusal }, 'a wrong secret could not be counted');
          return new UnauthenticatedError();
        }
        if (refusal.consumedPoints === guessesPerWindow + 1) {
          log.warn({ credential: id }, 'somebody guesses at a secret');
        }
        return new RateLimitedError(Math.max(1, Math.ceil(refusal.msBeforeNext / 1000)));
      }
    },
  };
}

function createLimiter(redis: Redis | null): RateLimiterAbstract {
  const options = { points: guessesPerWindow, duration: windowSeconds, keyPrefix: 'divest:guesses' };
  const local = new RateLimiterMemory(options);
  return redis
    ? new RateLimiterRedis({ ...options, storeClient: redis, rejectIfRedisNotReady: true, insuranceLimiter: local })
    : local;
}

// Ids are whatever callers send, so they share 65,536 counts: no flood of ids fills the memory. Where two ids fall
// together, somebody's wrong secret is answered RateLimitedError a little early.
const toKey = (id: string) => createHash('sha256').update(id).digest('hex').slice(0, 4);
