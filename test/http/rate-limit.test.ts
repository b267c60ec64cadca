import { randomUUID } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { Principal } from '../../src/auth/principal.js';
import { RateLimitedError } from '../../src/errors.js';
import { createRateLimiter } from '../../src/http/rate-limit.js';
import { closeRedis, openRedis } from '../../src/http/redis.js';
import { createLogger } from '../../src/log.js';
import { redisUrl } from '../support/databases.js';
import { administrator } from './small-gateway.js';

const log = createLogger({ logLevel: 'silent' });
const someone = (changes: Partial<Principal> = {}): Principal => ({
  ...administrator,
  actor: `user_${randomUUID()}`,
  ...changes,
});
const limitTo = (rateLimitPerMinute: number) => createRateLimiter({ config: { rateLimitPerMinute }, redis: null, log });

/** How many of `count` requests at once get through. */
async function countAllowed(limiter: ReturnType<typeof createRateLimiter>, principal: Principal, count: number) {
  const outcomes = await Promise.allSettled(Array.from({ length: count }, () => limiter.consume(principal)));
  const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  expect(refusals.every((refusal) => refusal instanceof RateLimitedError)).toBe(true);
  return count - refusals.length;
}

describe('the rate limit', () => {
  it('lets the allowance of a minute through, and no more', async () => {
    expect(await countAllowed(limitTo(5), someone(), 20)).toBe(5);
  });

  it('says in how many seconds to try again', async () => {
    const [limiter, caller] = [limitTo(1), someone()];
    await limiter.consume(caller);
    const refusal = await limiter.consume(caller).catch((error) => error);
    expect(refusal.retryAfterSeconds).toBeGreaterThan(55);
    expect(refusal.retryAfterSeconds).toBeLessThanOrEqual(60);
  });

  it('is off at 0', async () => {
    expect(await countAllowed(limitTo(0), someone(), 1000)).toBe(1000);
  });

  it.each([
    ['actor', { actor: 'user_other' }],
    ['organization', { organization: { id: 'org_other', name: '', features: [] } }],
    ['kind of credential', { credential: 'API_KEY' }],
  ] as const)('is for each %s', async (_what, changes) => {
    const [limiter, caller] = [limitTo(1), someone()];
    expect(await countAllowed(limiter, caller, 3)).toBe(1);
    expect(await countAllowed(limiter, { ...caller, ...changes }, 3)).toBe(1);
  });
});

const server = redisUrl ? new URL(redisUrl) : null;

/** Stands before Redis, so that it can be taken away from one test alone. */
class RedisProxy {
  private server: Server | null = null;
  private readonly sockets = new Set<Socket>();
  // Opened again after a while: no other test may have been given it meanwhile, as it may one of the system's choice.
  private port = 12_000 + Math.floor(Math.random() * 8_000);

  /** From now on nothing is answered on the connections that are open. */
  deafen(): void {
    for (const socket of this.sockets) {
      socket.unpipe();
      socket.resume();
    }
  }

  /** `isDeaf`: connections are taken, and never answered. */
  async open({ isDeaf = false } = {}): Promise<string> {
    this.server = createServer((socket) => {
      this.track(socket);
      if (!isDeaf) {
        const upstream = this.track(connect(Number(server?.port), server?.hostname));
        socket.pipe(upstream).pipe(socket);
      }
    });
    await new Promise<void>((resolve, reject) => {
      this.server?.once('error', reject).listen(this.port, '127.0.0.1', resolve);
    });
    return `redis://127.0.0.1:${this.port}`;
  }

  private track(socket: Socket): Socket {
    this.sockets.add(socket);
    return socket.on('error', () => {}).on('close', () => this.sockets.delete(socket));
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) {
      socket.destroy();
    }
    await new Promise((resolve) => (this.server ? this.server.close(resolve) : resolve(null)));
  }
}

describe.runIf(redisUrl)('the rate limit on Redis', () => {
  const lines: string[] = [];
  const recorded = createLogger({ logLevel: 'info' }, { write: (line: string) => lines.push(line) });
  const opened: ReturnType<typeof openRedis>[] = [];
  const proxy = new RedisProxy();

  const open = async (url: string, rateLimitPerMinute: number) => {
    const redis = openRedis(url, recorded);
    opened.push(redis);
    await new Promise((resolve) => redis.once('ready', resolve).once('error', resolve));
    return { redis, limiter: createRateLimiter({ config: { rateLimitPerMinute }, redis, log: recorded }) };
  };

  afterEach(async () => {
    opened.splice(0).forEach(closeRedis);
    await proxy.close();
    lines.length = 0;
  });
  afterAll(() => expect(opened).toHaveLength(0));

  it('is shared by several gateways', async () => {
    const [one, other] = [await open(redisUrl ?? '', 10), await open(redisUrl ?? '', 10)];
    const caller = someone();
    const allowed = await Promise.all([countAllowed(one.limiter, caller, 10), countAllowed(other.limiter, caller, 10)]);
    expect(allowed[0] + allowed[1]).toBe(10);
  });

  it('names nobody in Redis', async () => {
    const { redis, limiter } = await open(redisUrl ?? '', 10);
    const caller = someone({ actor: `user_${randomUUID()}` });
    await limiter.consume(caller);
    const keys = await redis.keys('divest:rate*');
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.join()).not.toContain(caller.actor);
  });

  it('waits for a Redis that falls silent once, not for every request, and warns', async () => {
    const { limiter } = await open(await proxy.open(), 100);
    expect(await countAllowed(limiter, someone(), 1)).toBe(1);
    proxy.deafen();
    const waits: number[] = [];
    for (let n = 0; n < 4; n++) {
      const start = performance.now();
      await limiter.consume(someone());
      waits.push(performance.now() - start);
    }
    expect(waits.filter((wait) => wait > 200)).toHaveLength(1);
    expect(lines.filter((line) => line.includes('away'))).toHaveLength(1);
  });

  it('is counted by the gateway alone while Redis is away, with one warning, and shared again afterwards', async () => {
    const { redis, limiter } = await open(await proxy.open(), 5);
    await proxy.close();
    await expect.poll(() => redis.status).not.toBe('ready');
    const start = performance.now();
    expect(await countAllowed(limiter, someone(), 20)).toBe(5);
    expect(performance.now() - start).toBeLessThan(1000);
    await expect.poll(() => lines.length, { timeout: 5000 }).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(lines.filter((line) => line.includes('away'))).toHaveLength(1);
    expect(lines.join()).not.toContain('127.0.0.1');
    await proxy.open();
    await expect.poll(() => redis.status, { timeout: 10_000 }).toBe('ready');
    expect(lines.filter((line) => line.includes('back'))).toHaveLength(2);
    expect(await countAllowed(limiter, someone(), 20)).toBe(5);
  });

  it('keeps nobody waiting where Redis takes connections and never answers', async () => {
    const { limiter } = await open(await proxy.open({ isDeaf: true }), 5);
    const start = performance.now();
    expect(await countAllowed(limiter, someone(), 20)).toBe(5);
    expect(performance.now() - start).toBeLessThan(1500);
  });
});
