import { connect as connectTo, createServer, type Server, type Socket } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.js';
import { isUnavailable } from '../../src/database/failures.js';
import { openPostgresql, statementTimeoutMs } from '../../src/database/postgresql.js';
import { openTestDatabase, postgresUrl, type TestDatabase } from '../support/databases.js';

const silent = pino({ level: 'silent' });

/** Stands between a gateway and its server, and can fall silent as a network does when a cable is pulled. */
async function startProxy(target: string) {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let isSilent = false;
  const server: Server = createServer((near) => {
    const far = connectTo(Number(port), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (data) => isSilent || to.write(data));
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  const address = server.address();
  url.port = String(typeof address === 'object' ? address?.port : '');
  return {
    url: url.href,
    fallSilent: (silence: boolean) => {
      isSilent = silence;
    },
    stop: () => {
      for (const socket of sockets) {
        socket.destroy();
      }
      server.close();
    },
  };
}

describe.skipIf(!postgresUrl)('connections to PostgreSQL', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase('postgresql');
  });
  afterAll(() => database.close());

  const settingOf = async (queries: Pick<Database, 'query'>, name: string) =>
    (await queries.query<{ value: string }>('select current_setting($1) as value', [name]))[0]?.value;

  test('have their limits, their name and the time zone of Prisma, whatever the server or the URL says', async () => {
    const url = new URL(database.url ?? '');
    await database.query(`alter database ${url.pathname.slice(1)} set timezone = 'Asia/Tokyo'`);
    await database.query(`alter database ${url.pathname.slice(1)} set default_transaction_isolation = 'serializable'`);
    url.searchParams.set(
      'options',
      '-c synchronous_commit=off -c statement_timeout=0 -c lock_timeout=0 -c search_path=pg_catalog',
    );
    const other = await openPostgresql({ databaseUrl: url.href, databasePoolSize: 1 }, silent);
    const names = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'timezone'];
    const more = ['search_path', 'default_transaction_isolation', 'application_name', 'synchronous_commit'];
    const values = await Promise.all([...names, ...more].map((name) => settingOf(other, name)));
    expect(values).toEqual(['4s', '1200ms', '10s', 'UTC', 'public', 'read committed', 'divest', 'on']);
    await other.close();
  });

  test('give long work the time that it asks for, and nobody else', async () => {
    const longerThanARequestMay = (statementTimeoutMs + 1_500) / 1_000;
    const inside = await database.transaction(
      async (queries) => {
        await queries.query('select pg_sleep($1)', [longerThanARequestMay]);
        return settingOf(queries, 'statement_timeout');
      },
      { statementTimeoutMs: 60_000 },
    );
    expect(inside).toBe('1min');
    const alone = await database.withConnection((connection) => settingOf(connection, 'statement_timeout'));
    expect(alone).toBe('0');
    const after = await Promise.all(Array.from({ length: 10 }, () => settingOf(database, 'statement_timeout')));
    expect(new Set(after)).toEqual(new Set(['4s']));
  });

  test('lose their locks and settings with the work that had them to itself', async () => {
    await database.withConnection((connection) => connection.query('select pg_advisory_lock(1)'));
    await expect.poll(() => database.query(`select 1 from pg_locks where locktype = 'advisory'`)).toEqual([]);
  });

  test('that a server does not answer on are given up, told as unavailable, and never used again', async () => {
    const proxy = await startProxy(database.url ?? '');
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(line) });
    const through = await openPostgresql({ databaseUrl: proxy.url, databasePoolSize: 2 }, log);
    // Two connections are open by then.
    await Promise.all([1, 2].map(() => through.query('select pg_sleep(0.2)')));
    expect(through.poolState().open).toBe(2);
    proxy.fallSilent(true);
    const failures = await Promise.all(
      [through.query('select 1'), through.transaction((queries) => queries.query('select 1'))].map((work) =>
        work.catch((error: unknown) => error),
      ),
    );
    expect(failures.map(isUnavailable)).toEqual([true, true]);
    expect(through.poolState().open).toBe(0);
    proxy.fallSilent(false);
    expect(await through.query('select 1 as one')).toEqual([{ one: 1 }]);

    // An idle connection that is lost is told in the log, without ending the process or naming the server.
    proxy.stop();
    await expect.poll(() => lines.length).toBeGreaterThan(0);
    expect(lines.join('')).toContain('connection was lost');
    expect(lines.join('')).not.toContain('127.0.0.1');
    await through.close();
  });

  test('that are cut while a transaction waits for something else do not end the process', async () => {
    const failing = database.transaction(async (queries) => {
      const [row] = await queries.query<{ pid: number }>('select pg_backend_pid() as pid');
      await database.query('select pg_terminate_backend($1)', [row?.pid]);
      await new Promise((resolve) => setTimeout(resolve, 200));
      await queries.query('select 1');
    });
    expect(isUnavailable(await failing.catch((error: unknown) => error))).toBe(true);
    expect(await database.query('select 1 as one')).toEqual([{ one: 1 }]);
  });
});
