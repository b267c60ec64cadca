import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Authenticate, createAuthenticate } from '../../src/auth/authenticate.js';
import { createBasicAuthorization } from '../../src/auth/basic.js';
import { createGuesses, type Guesses } from '../../src/auth/guesses.js';
import type { Database } from '../../src/database/database.js';
import { RateLimitedError, UnauthenticatedError } from '../../src/errors.js';
import { closeRedis, openRedis } from '../../src/http/redis.js';
import { createLogger } from '../../src/log.js';
import { openTestDatabase, redisUrl } from '../support/databases.js';
import { headers, now, secrets, seedDirectory } from './directory.js';

const lines: string[] = [];
const log = createLogger({ logLevel: 'info' }, { write: (line: string) => lines.push(line) });
let database: Database;

beforeAll(async () => {
  database = await openTestDatabase('embedded');
  await seedDirectory(database);
});
afterAll(() => database.close());
afterEach(() => {
  vi.useRealTimers();
  lines.length = 0;
});

const clock = () => now;
const authenticatorOf = (guesses: Guesses): Promise<Authenticate> =>
  createAuthenticate({
    config: { bearer: null, cxone: null, allowApiKeyInQuery: false },
    ...{ database, clock, guesses, log },
  });
const pair = (id: string, token: string) => headers(['x-management-id', id], ['x-management-token', token]);
const codesOf = async (authenticate: Authenticate, id: string, count: number) => {
  const codes: (string | undefined)[] = [];
  for (let i = 0; i < count; i++) {
    codes.push((await authenticate(pair(id, `wrong ${i}`))).error?.code);
  }
  return codes;
};
const hundredAndMore = (more: number) => [...Array(100).fill('UNAUTHENTICATED'), ...Array(more).fill('RATE_LIMITED')];

describe('guessing at the secret of one id', () => {
  it.each([
    ['of a management token', 'mgmt_ci'],
    ['that nobody has', 'mgmt_nobody'],
  ])('%s is limited to a hundred times a minute, and told once', async (_whose, id) => {
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
    const authenticate = await authenticatorOf(createGuesses({ redis: null, log }));
    expect(await codesOf(authenticate, id, 105)).toEqual(hundredAndMore(5));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(new RegExp(`"credential":"${id}".*"somebody guesses at a secret"`));
    expect(lines[0]).not.toContain('wrong');
    const { error } = await authenticate(pair(id, 'wrong'));
    expect(error).toBeInstanceOf(RateLimitedError);
    expect((error as RateLimitedError).retryAfterSeconds).toBeGreaterThan(55);
    vi.advanceTimersByTime(61_000);
    expect(await codesOf(authenticate, id, 101)).toEqual(hundredAndMore(1));
  });

  it('locks its owner out neither before nor after, nor anybody with another id', async () => {
    const authenticate = await authenticatorOf(createGuesses({ redis: null, log }));
    for (let round = 0; round < 120; round++) {
      await codesOf(authenticate, 'mgmt_ci', 1);
      expect((await authenticate(pair('mgmt_ci', secrets.management))).principal?.actor).toBe('mgmt_ci');
    }
    expect((await authenticate(pair('mgmt_bare', 'wrong'))).error).toBeInstanceOf(UnauthenticatedError);
  });

  it('doesn’t count the right secret of a token that was revoked or has expired: that is no guess', async () => {
    const authenticate = await authenticatorOf(createGuesses({ redis: null, log }));
    for (const [id, token] of [
      ['mgmt_revoked', secrets.revokedManagement],
      ['mgmt_expired', secrets.expiredManagement],
    ] as const) {
      for (let i = 0; i < 102; i++) {
        expect((await authenticate(pair(id, token))).error).toBeInstanceOf(UnauthenticatedError);
      }
    }
  });

  it('by Basic counts too, and is answered there as any wrong one', async () => {
    const guesses = createGuesses({ redis: null, log });
    const isAuthorized = createBasicAuthorization({ database, clock, guesses });
    const basic = (token: string) => `Basic ${Buffer.from(`mgmt_ci:${token}`).toString('base64')}`;
    for (let i = 0; i < 101; i++) {
      expect(await isAuthorized(basic(`wrong ${i}`))).toBe(false);
    }
    expect(await isAuthorized(basic(secrets.management))).toBe(true);
    expect(await codesOf(await authenticatorOf(guesses), 'mgmt_ci', 1)).toEqual(['RATE_LIMITED']);
  });
});

describe.runIf(redisUrl)('guessing at several gateways on one Redis', () => {
  it('is counted together, under names that give no id away', async () => {
    const connections = [openRedis(redisUrl ?? '', log), openRedis(redisUrl ?? '', log)];
    await Promise.all(connections.map((redis) => new Promise((resolve) => redis.once('ready', resolve))));
    const [one, other] = connections.map((redis) => createGuesses({ redis, log }));
    const id = `mgmt_${randomUUID()}`;
    const codes: string[] = [];
    for (let i = 0; i < 102; i++) {
      codes.push((await (i % 2 ? one : other)?.onWrongSecret(id))?.code ?? '');
    }
    expect(codes).toEqual(hundredAndMore(2));
    expect((await connections[0]?.keys('divest:guesses*'))?.join()).not.toContain(id);
    connections.forEach(closeRedis);
  });
});
