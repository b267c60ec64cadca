import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Principal } from '../auth/principal.js';
import type { Config } from '../config.js';
import { InternalError, RateLimitedError } from '../errors.js';

const windowSeconds = 60;

/** Counts what each principal asks for. */
export interface RateLimiter {
  /** Takes one from the principal's allowance of this minute. Throws RateLimitedError when it is used up. */
  consume(principal: Principal): Promise<void>;
}

/** What a limiter is made of. Without Redis, each gateway counts for itself. */
export interface RateLimiterParts {
  readonly config: Pick<Config, 'rateLimitPerMinute'>;
  readonly redis: Redis | null;
  readonly log: Logger;
}

/**
 * Limits the root fields of a principal in a minute; 0 is no limit. Gateways on one Redis share the count. While Redis is
 * away each counts for itself: a limit that is too generous for a while is better than nobody being able to take
 * access away.
 */
export function createRateLimiter({ config, redis, log }: RateLimiterParts): RateLimiter {
  const { rateLimitPerMinute } = config;
  if (rateLimitPerMinute === 0) {
    return { consume: async () => {} };
  }
  const limiter = createLimiter(rateLimitPerMinute, redis);
  return {
    async consume(principal) {
      try {
        await limiter.consume(toKey(principal));
      } catch (refusal) {
        throw toError(refusal, log);
      }
    },
  };
}

function createLimiter(points: number, redis: Redis | null): RateLimiterAbstract {
  const local = new RateLimiterMemory({ points, duration: windowSeconds });
  if (!redis) {
    return local;
  }
  return new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: 'divest:rate',
    points,
    duration: windowSeconds,
    rejectIfRedisNotReady: true,
    insuranceLimiter: local,
  });
}

// A subject of a token can be long and hold anything; the digest is short and gives nobody away in Redis.
const toKey = ({ organization, actor, credential }: Principal) =>
  createHash('sha256')
    .update(JSON.stringify([organization.id, actor, credential]))
    .digest('base64url');

function toError(refusal: unknown, log: Logger) {
  if (refusal instanceof RateLimiterRes) {
    return new RateLimitedError(Math.max(1, Math.ceil(refusal.msBeforeNext / 1000)));
  }
  log.error({ err: refusal }, 'a rate limit could not be counted');
  return new InternalError('UNAVAILABLE');
}
