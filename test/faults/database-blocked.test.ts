import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Queries } from '../../src/database/database.js';
import { type CompiledCli, openBuiltCli } from '../commands/compiled.js';
import { openTestDatabase, postgresUrl, type TestDatabase } from '../support/databases.js';
import { bearer, type Headers } from '../support/gateway.js';
import { eventually } from '../support/upstream-gateway.js';
import { startGateway } from '../upstreams/running-gateway.js';
import { openConnection } from './connection.js';
import { fillDirectory, inspect, nothingWrong, type PlannedRemoval, planRemovals } from './directory.js';
import { isFull } from './extent.js';
import { startLateProxy } from './late-proxy.js';
import { type Attempt, isDone, startLoad, toWord } from './load.js';

const users = 1_000;
const blockedMs = isFull ? 30_000 : 6_000;
const mostMs = 5_000;
// Longer than the gateway waits for any answer.
const lateMs = 6_000;
// What only the call of a removal holds, and only its answer.
const ofRemoval = { questions: '"revocationId"', answers: '"applied": true' };

describe.runIf(postgresUrl)('a gateway', () => {
  let cli: CompiledCli;
  let headers: Headers;
  beforeAll(async () => {
    cli = openBuiltCli();
    headers = await bearer();
  });
  afterAll(() => cli.remove());

  /** With a directory of its own, because these tests wait at the same time. */
  async function withDirectory(work: (database: TestDatabase, url: string) => Promise<void>): Promise<void> {
    const database = await openTestDatabase('postgresql');
    await fillDirectory(database, users);
    await work(database, database.url ?? '');
    await database.close();
  }

  const start = (url: string) => startGateway(cli, { DATABASE_URL: url });

  /** Locks something in the database, and returns what lets it go. */
  async function lock(url: string, statement: string): Promise<() => Promise<void>> {
    const other = new Client({ connectionString: url });
    await other.connect();
    await other.query('begin');
    await other.query(statement);
    return () => other.end();
  }

  it.concurrent.each([
    ['a table that every request reads', 'lock table users in access exclusive mode'],
    ['rows that every removal needs', `select from users where id like 'user_load%' for update`],
  ])(
    'whose connections all wait for %s answers UNAVAILABLE within five seconds, until it gets them',
    (_what, statement) =>
      withDirectory(async (database, url) => {
        const gateway = await start(url);
        const load = startLoad(gateway.url, planRemovals(users), { headers, connections: 60 });
        await load.until((ended) => ended.filter(isDone).length >= 50, 'removals are done');
        const release = await lock(url, statement);
        const locked = performance.now();
        await sleep(blockedMs);
        const health = openConnection(gateway.url);
        expect((await health.send('/health/live', {})).ms).toBeLessThan(1_000);
        health.close();
        const released = performance.now();
        await release();
        await load.until((ended) => ended.some((one) => isDone(one) && one.sentAt > released), 'removals are done');
        const first = load.attempts.find((one) => isDone(one) && one.sentAt > released);
        expect((first?.sentAt ?? 0) - released).toBeLessThan(mostMs);
        const attempts = await load.stop();
        await gateway.stop();
        const during = attempts.filter(({ sentAt, ms }) => sentAt > locked && sentAt + ms < released);
        expect(new Set(during.map(toWord))).toEqual(new Set(['UNAVAILABLE']));
        const concerned = attempts.filter(({ sentAt, ms }) => sentAt + ms > locked && sentAt < released);
        expect(Math.max(...concerned.map(({ ms }) => ms))).toBeLessThan(mostMs);
        expect(await inspect(database, attempts)).toEqual(nothingWrong);
      }),
  );

  it.concurrent('whose database is asked, or answers, after every timeout leaves nothing half done', () =>
    withDirectory(async (database, url) => {
      const removals = planRemovals(users);
      const tried = await Promise.all((['questions', 'answers'] as const).map((what) => beLate(url, what, removals)));
      const attempts = tried.flat();
      const underWay = `select from pg_stat_activity
        where datname = current_database() and state = 'active' and pid <> pg_backend_pid()`;
      await eventually(async () => (await database.query(underWay)).length === 0, 'the server has ended all');
      expect(new Set(attempts.map(toWord))).toEqual(new Set(['DONE', 'UNAVAILABLE']));
      expect(await inspect(database, attempts)).toEqual(nothingWrong);
      for (const some of tried) {
        expect(await countUntold(database, some)).toBeGreaterThan(0);
      }
    }));

  /** Has a gateway remove things while what it asks, or what it is answered, comes later than it waits for. */
  async function beLate(url: string, what: 'questions' | 'answers', removals: Iterator<PlannedRemoval>) {
    const proxy = await startLateProxy(url);
    const gateway = await start(proxy.url);
    const load = startLoad(gateway.url, removals, { headers, connections: 16 });
    await load.until((ended) => ended.filter(isDone).length >= 50, 'removals are done');
    await proxy.delay(what, lateMs, ofRemoval[what]);
    await sleep(lateMs + 500);
    proxy.hurry();
    const back = performance.now();
    await load.until((ended) => ended.some((one) => isDone(one) && one.sentAt > back), 'removals are done again');
    const attempts = await load.stop();
    await eventually(async () => proxy.underWay() === 0, 'everything has arrived');
    await gateway.stop();
    proxy.close();
    return attempts;
  }

  /** How many have happened although it couldn't be told. */
  async function countUntold(database: Queries, attempts: readonly Attempt[]): Promise<number> {
    const untold = attempts.filter((one) => !isDone(one)).map(({ removal: { user, target } }) => ({ user, target }));
    const [row] = await database.query<{ done: number }>(
      `select count(*)::int as done from jsonb_to_recordset($1::jsonb) a ("user" text, target text)
       join revocations r on r.user_id = a."user" and r.state = 'DONE'
         and coalesce(r.project_id, r.role_id, r.global_role::text) = a.target`,
      [JSON.stringify(untold)],
    );
    return row?.done ?? 0;
  }
});
