import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CompiledCli, openBuiltCli } from '../commands/compiled.js';
import { openTestDatabase, postgresUrl, type TestDatabase } from '../support/databases.js';
import { bearer, type Headers } from '../support/gateway.js';
import { eventually } from '../support/upstream-gateway.js';
import { type RunningGateway, startGateway } from '../upstreams/running-gateway.js';
import { type Connection, openConnection } from './connection.js';
import { fillDirectory, inspect, nothingWrong, planRemovals } from './directory.js';
import { isFull } from './extent.js';
import { startLateProxy } from './late-proxy.js';
import { type Attempt, isDone, removeOnce, startLoad, toWord } from './load.js';

const stops = isFull ? 20 : 3;
const users = 1_000 + stops * 300;
const graceMs = 10_000;

describe.runIf(postgresUrl)('a gateway that is told to stop', () => {
  let cli: CompiledCli;
  let headers: Headers;
  let database: TestDatabase;
  const removals = planRemovals(users);
  const attempts: Attempt[] = [];
  beforeAll(async () => {
    cli = openBuiltCli();
    [headers, database] = await Promise.all([bearer(), openTestDatabase('postgresql')]);
    await fillDirectory(database, users);
  });
  afterAll(async () => {
    await database.close();
    await cli.remove();
  });

  const start = (env: Readonly<Record<string, string>> = {}, options: readonly string[] = []) =>
    startGateway(cli, { DATABASE_URL: database.url ?? '', ...env }, options);

  /** Asks on a connection until it is told not to use it again. */
  async function untilClosed(connection: Connection): Promise<void> {
    while ((await connection.send('/health/ready', {})).connection !== 'close') {
      // The signal is on its way.
    }
  }

  /** A removal that is under way until `finish` lets it go on. */
  async function beginRemoval(url: string) {
    const { value: removal } = removals.next();
    const other = new Client({ connectionString: database.url ?? '' });
    await other.connect();
    other.on('error', () => {});
    await other.query('begin');
    await other.query('select from users where id = $1 for update', [removal.user]);
    const connection = openConnection(url);
    const ended = removeOnce(connection, removal, headers);
    const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await eventually(async () => (await database.query(waiting)).length > 0, 'the removal waits');
    const finish = async () => {
      await other.query('rollback');
      await other.end();
      const attempt = await ended;
      connection.close();
      return attempt;
    };
    return { finish };
  }

  it(`answers what is under way, resets nothing and ends with 0, ${stops} times under load`, async () => {
    for (let stop = 1; stop <= stops; stop++) {
      // As one process and as two workers, in turn.
      const areWorkers = stop % 2 === 0;
      const gateway = await start({}, areWorkers ? ['--workers', '2'] : []);
      const load = startLoad(gateway.url, removals, { headers, connections: 16 });
      const [one, other] = [openConnection(gateway.url), openConnection(gateway.url)];
      expect((await one.send('/health/ready', {})).status).toBe(200);
      expect((await other.send('/health/ready', {})).status).toBe(200);
      await load.until((ended) => ended.filter(isDone).length >= 100, 'removals are done');
      const slow = await beginRemoval(gateway.url);
      const told = performance.now();
      gateway.running.kill('SIGTERM');
      await untilClosed(one);
      expect(await other.send('/health/ready', {})).toMatchObject({ status: 503, connection: 'close' });
      const finished = await slow.finish();
      expect(finished.reply).toMatchObject({ status: 200, connection: 'close' });
      // On a machine that stalls, the wait for the row was given up before it ended.
      expect(['DONE', 'UNAVAILABLE']).toContain(toWord(finished));
      attempts.push(finished);
      const { code } = await gateway.running.ended;
      expect([code, performance.now() - told < graceMs]).toEqual([0, true]);
      const ended = await load.stop();
      // Whoever comes later is refused before anything is sent. The door of workers is shut by another process, a little
      // later: who stands in it then is not taken. That nothing was done for them is seen below.
      const words = new Set(ended.map(toWord));
      expect([...words].filter((word) => !(areWorkers && word === 'NOT_TAKEN'))).toEqual(['DONE', 'ECONNREFUSED']);
      attempts.push(...ended);
      one.close();
      other.close();
    }
    expect(await inspect(database, attempts)).toEqual(nothingWrong);
    const [row] = await database.query<{ done: number }>(
      `select count(*)::int as done from revocations where state = 'DONE'`,
    );
    expect(row?.done).toBe(attempts.filter(isDone).length);
  });

  /** Sends a request that never comes to its end. */
  async function beginForever({ url }: RunningGateway): Promise<() => Promise<string>> {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const closed = new Promise<string>((resolve) => {
      socket.once('error', ({ message }) => resolve(message)).once('close', () => resolve('closed'));
    });
    socket.write('POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{');
    await sleep(200);
    return () => closed;
  }

  it.concurrent('ends with 0 at the end of the grace period, whatever is still under way', async () => {
    const gateway = await start({ SHUTDOWN_GRACE_SECONDS: '2' });
    const closed = await beginForever(gateway);
    const told = performance.now();
    gateway.running.kill('SIGTERM');
    const { code } = await gateway.running.ended;
    expect(code).toBe(0);
    expect(performance.now() - told).toBeGreaterThan(1_900);
    expect(performance.now() - told).toBeLessThan(4_000);
    await closed();
  });

  it.concurrent('ends at once when it is told again', async () => {
    const gateway = await start({ SHUTDOWN_GRACE_SECONDS: '60' });
    const closed = await beginForever(gateway);
    gateway.running.kill('SIGTERM');
    await sleep(500);
    const told = performance.now();
    gateway.running.kill('SIGTERM');
    const { code } = await gateway.running.ended;
    expect([code, performance.now() - told < 2_000]).toEqual([1, true]);
    await closed();
  });

  it.concurrent('does not wait for a database that has fallen silent', async () => {
    const proxy = await startLateProxy(database.url ?? '');
    const gateway = await startGateway(cli, { DATABASE_URL: proxy.url });
    const silent = proxy.delay('answers', 3_600_000, '');
    await fetch(new URL('/health/ready', gateway.url));
    await silent;
    const told = performance.now();
    gateway.running.kill('SIGTERM');
    const { code } = await gateway.running.ended;
    expect([code, performance.now() - told < graceMs]).toEqual([0, true]);
    proxy.close();
  });
});
