import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CompiledCli, openBuiltCli } from '../commands/compiled.js';
import { openTestDatabase, postgresUrl, type TestDatabase } from '../support/databases.js';
import { bearer, credentials, type Headers } from '../support/gateway.js';
import { remove } from '../support/removals.js';
import { type CrashingServer, startRedis } from '../support/servers.js';
import { type RunningGateway, startGateway } from '../upstreams/running-gateway.js';
import { fillDirectory } from './directory.js';
import { hasOwnRedis } from './own-servers.js';

const limit = 60;
const users = 10;

describe.runIf(postgresUrl && hasOwnRedis)('two gateways with one PostgreSQL and one Redis', () => {
  let cli: CompiledCli;
  let redis: CrashingServer;
  let database: TestDatabase;
  let gateways: readonly [RunningGateway, RunningGateway];
  beforeAll(async () => {
    cli = openBuiltCli();
    [redis, database] = await Promise.all([startRedis(), openTestDatabase('postgresql')]);
    await fillDirectory(database, users);
    const start = () => {
      const limits = { REDIS_URL: redis.url, RATE_LIMIT_PER_MINUTE: String(limit), LOG_LEVEL: 'info' };
      return startGateway(cli, { DATABASE_URL: database.url ?? '', ...limits });
    };
    gateways = await Promise.all([start(), start()]);
  });
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    await Promise.all([database.close(), redis.stop(), cli.remove()]);
  });

  /** The code with which a gateway refuses a caller; null where it doesn't. */
  async function refusal(gateway: RunningGateway, headers: Headers): Promise<unknown> {
    const { errors } = await gateway.ask('{ viewer { credential } }', {}, headers);
    return errors?.[0]?.extensions?.['code'] ?? null;
  }

  const refusals = (headers: Headers) => Promise.all(gateways.map((gateway) => refusal(gateway, headers)));

  /** Has both asked by one caller, in turn and more often than it may. Tells how many answers each gave. */
  async function countAnswered(subject: string): Promise<number[]> {
    const headers = await bearer(subject, { roles: [] });
    const answered = [0, 0];
    for (let turn = 0; turn < limit + 5; turn++) {
      const codes = await refusals(headers);
      expect([null, 'RATE_LIMITED']).toEqual(expect.arrayContaining(codes));
      codes.forEach((code, index) => {
        answered[index] = (answered[index] ?? 0) + (code === null ? 1 : 0);
      });
    }
    return answered;
  }

  it('give a caller one allowance', async () => {
    const [one = 0, other = 0] = await countAnswered('user_load0');
    expect(one + other).toBe(limit);
  });

  it('both refuse a key from the moment in which it was revoked', async () => {
    const id = 'key_demo-mia';
    expect(await refusals(credentials.userManagerKey)).toEqual([null, null]);
    const { code } = await cli.run(['revoke-credential', id], { DATABASE_URL: database.url ?? '' });
    expect([code, await refusals(credentials.userManagerKey)]).toEqual([0, ['UNAUTHENTICATED', 'UNAUTHENTICATED']]);
  });

  it('both know at once that a removal has ended the sessions of its user, wherever they began', async () => {
    const user = 'user_load1';
    const document = 'mutation { startSession { ... on StartSessionSuccess { token } } }';
    const sessions: Headers[] = [];
    for (const gateway of gateways) {
      const { data } = await gateway.ask(document, {}, await bearer(user, { roles: [] }));
      const { token } = (data?.['startSession'] ?? { token: '' }) as { token: string };
      sessions.push({ Authorization: `Bearer ${token}` });
    }
    expect(await Promise.all(sessions.map(refusals))).toEqual([
      [null, null],
      [null, null],
    ]);
    const input = { projectId: 'proj_load0', user: { id: user } };
    const removal = await remove(gateways[0], 'unassignUserFromProject', input, await bearer());
    expect(removal).toMatchObject({ applied: true, sessionEffect: 'ENDED' });
    expect(await Promise.all(sessions.map(refusals))).toEqual([
      ['UNAUTHENTICATED', 'UNAUTHENTICATED'],
      ['UNAUTHENTICATED', 'UNAUTHENTICATED'],
    ]);
  });

  it('count for themselves while Redis is away, with one warning, and together when it is back', async () => {
    await redis.crash();
    expect(await countAnswered('user_load2')).toEqual([limit, limit]);
    const warned = await Promise.all(gateways.map(({ running }) => running.waitFor('Redis is away')));
    await sleep(2_000);
    await redis.startAgain();
    const back = await Promise.all(gateways.map(({ running }) => running.waitFor('Redis is back')));
    expect([...warned, ...back].map((said) => said.match(/Redis is away/g)?.length)).toEqual([1, 1, 1, 1]);
    const [one = 0, other = 0] = await countAnswered('user_load3');
    expect(one + other).toBe(limit);
  });
});
