import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.js';
import { EmbeddedDatabase } from '../../src/database/embedded.js';
import { isUnavailable } from '../../src/database/failures.js';
import { acquireTimeoutMs, openPostgresql } from '../../src/database/postgresql.js';
import {
  databaseKinds,
  openTestDatabase,
  postgresUrl,
  startEmptyEngine,
  type TestDatabase,
} from '../support/databases.js';
import { type Server, startPostgresql } from '../support/servers.js';
import { fillDirectory } from './directory.js';

const log = pino({ level: 'silent' });
const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no failure',
    (error: unknown) => error,
  );

describe.skipIf(!postgresUrl)('a PostgreSQL server that can answer, only not now', () => {
  let database: TestDatabase;
  let other: Database;
  beforeAll(async () => {
    database = await openTestDatabase('postgresql', 2);
    other = await openPostgresql({ databaseUrl: database.url ?? '', databasePoolSize: 2 }, log);
    await fillDirectory(database);
  });
  afterAll(async () => {
    await other.close();
    await database.close();
  });

  test.concurrent('takes no connections to a database', async () => {
    const url = new URL(database.url ?? '');
    // One that no server lets anybody into.
    url.pathname = '/template0';
    const failure = await failureOf(openPostgresql({ databaseUrl: url.href, databasePoolSize: 1 }, log));
    expect([(failure as { code: unknown }).code, isUnavailable(failure)]).toEqual(['55000', true]);
  });

  test.concurrent('gives up a statement that takes too long', async () => {
    expect(isUnavailable(await failureOf(other.query('select pg_sleep(10)')))).toBe(true);
  });

  test('gives up waiting for a row that somebody else has locked, and Prisma tells so too', async () => {
    await other.transaction(async (queries) => {
      await queries.query(`select from organizations where id = 'org_acme' for update`);
      const change = { where: { id: 'org_acme' }, data: { name: 'New' } };
      const failures = await Promise.all([
        failureOf(database.query(`update organizations set name = 'New' where id = 'org_acme'`)),
        failureOf(database.prisma.organization.updateMany(change)),
      ]);
      expect(failures.map(isUnavailable)).toEqual([true, true]);
    });
  });

  test('has no free connection: that is answered within the acquire timeout', async () => {
    const holders = [1, 2].map(() => database.query(`select pg_sleep(${(acquireTimeoutMs + 800) / 1000})`));
    const start = Date.now();
    const failures = await Promise.all([
      failureOf(database.query('select 1')),
      failureOf(database.prisma.organization.findMany()),
      failureOf(database.transaction((queries) => queries.query('select 1'))),
    ]);
    expect(Date.now() - start).toBeLessThan(acquireTimeoutMs + 500);
    expect(failures.map(isUnavailable)).toEqual([true, true, true]);
    expect(database.poolState()).toEqual({ open: 2, idle: 0, waiting: 0 });
    await Promise.all(holders);
    expect(await database.query('select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('chooses one of two transactions that wait for each other', async () => {
    const lockBoth = (first: string, second: string) =>
      other.transaction(async (queries) => {
        await queries.query('select from users where id = $1 for update', [first]);
        await queries.query('select pg_sleep(0.3)');
        await queries.query('select from users where id = $1 for update', [second]);
        return 'no failure';
      });
    const ends = await Promise.all([
      failureOf(lockBoth('user_ada', 'user_boss')),
      failureOf(lockBoth('user_boss', 'user_ada')),
    ]);
    expect(ends.filter(isUnavailable)).toHaveLength(1);
  });
});

describe.skipIf(!postgresUrl)('a PostgreSQL server that goes away', () => {
  let server: Server;
  let database: Database;
  beforeAll(async () => {
    server = await startPostgresql();
    database = await openPostgresql({ databaseUrl: server.url, databasePoolSize: 3 }, log);
  });
  afterAll(() => database.close());

  test('is recognised while statements are under way and when it is gone', async () => {
    const running = [
      failureOf(database.query('select pg_sleep(3)')),
      failureOf(database.prisma.$queryRawUnsafe('select pg_sleep(3)::text')),
      failureOf(database.transaction((queries) => queries.query('select pg_sleep(3)'))),
    ];
    await expect.poll(() => database.poolState().open).toBe(3);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await server.stop();
    expect((await Promise.all(running)).map(isUnavailable)).toEqual([true, true, true]);
    const afterwards = await Promise.all([
      failureOf(database.query('select 1')),
      failureOf(database.prisma.$queryRawUnsafe('select 1')),
      failureOf(database.transaction((queries) => queries.query('select 1'))),
      failureOf(openPostgresql({ databaseUrl: server.url, databasePoolSize: 1 }, log)),
      failureOf(openPostgresql({ databaseUrl: 'postgresql:///x?host=/nowhere', databasePoolSize: 1 }, log)),
    ]);
    expect(afterwards.map(isUnavailable)).toEqual([true, true, true, true, true]);
  });
});

describe.each(databaseKinds)('what asking again would not help (%s)', (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase(kind);
    await fillDirectory(database);
  });
  afterAll(() => database.close());

  test('is not called unavailable', async () => {
    const failures = await Promise.all([
      failureOf(database.query('select nonsense')),
      failureOf(database.query(`insert into organizations values ('org_acme', 'twice')`)),
      failureOf(database.prisma.organization.create({ data: { id: 'org_acme', name: 'twice' } })),
      failureOf(database.query(`select 'x'::integer`)),
    ]);
    expect(failures.every((failure) => failure instanceof Error)).toBe(true);
    expect(failures.map(isUnavailable)).toEqual([false, false, false, false]);
    const ofFiles = Object.assign(new Error('no such file'), { code: 'ENOENT', syscall: 'open' });
    expect([ofFiles, new TypeError('x'), null, 'Connection terminated'].some(isUnavailable)).toBe(false);
  });

  test('but that it has been closed is', async () => {
    // The embedded databases of tests are only put back for the next one.
    const closed = kind === 'embedded' ? new EmbeddedDatabase(await startEmptyEngine()) : await openTestDatabase(kind);
    await closed.close();
    expect(isUnavailable(await failureOf(closed.query('select 1')))).toBe(true);
  });
});
