import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CompiledCli, compileCli, type Running } from '../commands/compiled.js';
import { createPostgresqlDatabase, postgresUrl } from '../support/databases.js';
import { createGatewayRole } from '../support/gateway-role.js';

const body = '{"query":"{__typename}"}';
/** A busy machine takes its time. */
const patiently = { timeout: 30_000 };

// One whose parent is gone may be dead and yet be there, until whoever adopted it looks.
async function isRunning(pid: number): Promise<boolean> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'stat=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return stdout !== '' && !stdout.trim().startsWith('Z');
}
const countRunning = async (pids: readonly number[]) => (await Promise.all(pids.map(isRunning))).filter(Boolean).length;

/** The workers of a primary, as the system knows them. */
async function workersOf(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('pgrep', ['-P', String(pid)]).catch(() => ({ stdout: '' }));
  return stdout.split('\n').filter(Boolean).map(Number);
}

describe('divest serve --workers', () => {
  let cli: CompiledCli;
  let env: Record<string, string>;
  let drop = async () => {};
  const running: Running[] = [];
  const undo: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    cli = await compileCli();
    if (postgresUrl) {
      const database = await createPostgresqlDatabase();
      drop = database.drop;
      env = { DATABASE_URL: database.url, PORT: '0', LOG_LEVEL: 'info', DATABASE_POOL_SIZE: '2', HOST: '127.0.0.1' };
    }
  });
  afterEach(() => {
    for (const one of running.splice(0)) {
      one.kill('SIGKILL');
    }
  });
  afterAll(async () => {
    await cli.remove();
    await drop();
    for (const step of undo) {
      await step();
    }
  });

  it.each([['0'], ['-1'], ['two'], ['1000']])('takes no %s', async (count) => {
    const { code, stderr } = await cli.run(['serve', '--workers', count]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('It must be a whole number from 1 to 999.')]);
  });

  it('is refused on the embedded database', async () => {
    const { code, stdout, stderr } = await cli.run(['serve', '--workers', '2']);
    expect([code, stdout, stderr]).toEqual([
      2,
      '',
      'Only on PostgreSQL can several workers serve. Set DATABASE_URL.\n',
    ]);
  });

  it('says once why the first worker does not come up, and ends as a gateway alone would', async () => {
    const { code, stderr } = await cli.run(['serve', '--workers', '3'], {
      DATABASE_URL: 'postgresql://someone:secret@127.0.0.1:1/directory',
    });
    expect([code, stderr]).toEqual([
      1,
      'The database cannot be opened (ECONNREFUSED). Check DATABASE_URL, and that the server is running.\n',
    ]);
  });

  describe.runIf(postgresUrl)('on PostgreSQL', () => {
    async function start(count = 2, settings: Readonly<Record<string, string>> = {}) {
      const primary = cli.start(['serve', '--workers', String(count)], { ...env, ...settings });
      running.push(primary);
      const said = await primary.waitFor('Credentials');
      const url = new URL(/http:\S+\/graphql/.exec(said)?.[0] ?? '');
      await expect.poll(() => workersOf(primary.pid), patiently).toHaveLength(count);
      await expect.poll(async () => (await listening(primary)).length, patiently).toBe(count);
      return { primary, url };
    }
    const linesOf = async (primary: Running) =>
      (await primary.waitFor('\n'))
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line));
    const listening = async (primary: Running) =>
      (await linesOf(primary)).filter(({ msg }) => msg === 'listening').map(({ pid }) => pid as number);
    const ask = async (url: URL) => {
      const response = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
      return response.json();
    };

    /** A request of which the last byte hasn't come, so that it is under way. */
    async function begin(url: URL): Promise<Socket> {
      const socket = connect(Number(url.port), url.hostname);
      await once(socket, 'connect');
      const headers = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\nExpect: 100-continue`;
      socket.write(`POST /graphql HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n`);
      await once(socket, 'data');
      socket.write(body.slice(0, -1));
      return socket;
    }
    async function finish(socket: Socket): Promise<string> {
      let answer = '';
      socket.setEncoding('utf8').on('data', (text: string) => {
        answer += text;
      });
      socket.write('}');
      await once(socket, 'close');
      return answer;
    }

    it('shares the port, announces it once, and tells processes apart in the log', async () => {
      const { primary, url } = await start(3);
      const answers = await Promise.all(Array.from({ length: 30 }, () => ask(url)));
      expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
        new Set(['{"data":{"__typename":"Query"}}']),
      );
      const workers = await workersOf(primary.pid);
      const said = await primary.waitFor('Credentials');
      expect(said.match(/Divest is ready/g)).toHaveLength(1);
      const lines = await linesOf(primary);
      const answered = lines.filter(({ msg }) => msg === 'request').map(({ pid }) => pid);
      expect(new Set(answered)).toEqual(new Set(workers));
      expect(lines[0]).toMatchObject({ pid: primary.pid, workers: 3, databaseConnections: 6 });
      expect(said).toContain('each worker counts rate limits for itself');
    });

    it('shows the metrics of all workers, whichever is asked', async () => {
      const { url } = await start(2);
      await Promise.all(Array.from({ length: 10 }, () => ask(url)));
      for (let scrape = 0; scrape < 4; scrape++) {
        const text = await (await fetch(new URL('/metrics', url))).text();
        expect(text).toContain('divest_http_requests_total{status="200",operation="query"} 10\n');
        expect(text).toContain('divest_http_request_duration_seconds_count{operation="query"} 10\n');
        expect(text).toContain('divest_processes 2\n');
        expect(text).toContain('process_cpu_user_seconds_total');
      }
    });

    it('starts another worker in the place of one that was killed, and answers meanwhile', async () => {
      const { primary, url } = await start(2);
      const [victim = 0] = await workersOf(primary.pid);
      process.kill(victim, 'SIGKILL');
      // Before the primary has seen it, node:cluster would hand a connection to the dead one.
      const killed = expect.objectContaining({ worker: victim, signal: 'SIGKILL' });
      await expect.poll(() => linesOf(primary), patiently).toContainEqual(killed);
      expect(await ask(url)).toEqual({ data: { __typename: 'Query' } });
      await expect.poll(async () => (await listening(primary)).length, patiently).toBe(3);
      expect(await workersOf(primary.pid)).not.toContain(victim);
      const said = await primary.waitFor('Credentials');
      expect(said.match(/Divest is ready/g)).toHaveLength(1);
    });

    it('gives up where a worker keeps ending', async () => {
      const { primary } = await start(1);
      const killer = setInterval(async () => {
        const up = await listening(primary);
        for (const pid of (await workersOf(primary.pid)).filter((worker) => up.includes(worker))) {
          try {
            process.kill(pid, 'SIGKILL');
          } catch {
            // Gone already.
          }
        }
      }, 100);
      const { code, stderr } = await primary.ended;
      clearInterval(killer);
      expect([code, stderr]).toEqual([1, 'A worker ended 6 times within a minute. The log says how.\n']);
    });

    it.each([['SIGTERM'], ['SIGINT']] as const)(
      'answers what is under way at %s, also where every process gets it, and ends with 0',
      async (signal) => {
        const { primary, url } = await start(2, { SHUTDOWN_GRACE_SECONDS: '60' });
        const workers = await workersOf(primary.pid);
        const socket = await begin(url);
        for (const pid of [primary.pid, ...workers]) {
          process.kill(pid, signal);
        }
        // A connection that arrives while the last worker lets go of the port can be left waiting by node:cluster.
        const knock = () =>
          fetch(new URL('/health/live', url), { signal: AbortSignal.timeout(500) }).then(
            () => 'answers',
            ({ name }: Error) => (name === 'TimeoutError' ? 'waits' : 'refused'),
          );
        await expect.poll(knock, patiently).toBe('refused');
        expect(await finish(socket)).toContain('{"data":{"__typename":"Query"}}');
        expect(await primary.ended).toMatchObject({ code: 0, stderr: '' });
        expect(await countRunning(workers)).toBe(0);
      },
    );

    it('ends what is under way at the end of the grace period', async () => {
      const { primary, url } = await start(2, { SHUTDOWN_GRACE_SECONDS: '1' });
      const socket = await begin(url);
      socket.on('error', () => {});
      const closed = once(socket, 'close');
      primary.kill('SIGTERM');
      expect((await primary.ended).code).toBe(0);
      await closed;
    });

    it('ends at once at a second signal, and leaves no worker behind', async () => {
      const { primary, url } = await start(2, { SHUTDOWN_GRACE_SECONDS: '600' });
      const workers = await workersOf(primary.pid);
      const socket = await begin(url);
      socket.on('error', () => {});
      primary.kill('SIGTERM');
      await expect.poll(() => countRunning(workers), patiently).toBe(1);
      primary.kill('SIGTERM');
      expect((await primary.ended).code).toBe(1);
      await expect.poll(() => countRunning(workers), patiently).toBe(0);
    });

    it('answers what is under way where the primary is killed, and leaves no worker behind', async () => {
      const { primary, url } = await start(2, { SHUTDOWN_GRACE_SECONDS: '60' });
      const workers = await workersOf(primary.pid);
      const socket = await begin(url);
      primary.kill('SIGKILL');
      await expect.poll(() => countRunning(workers), patiently).toBe(1);
      expect(await finish(socket)).toContain('{"data":{"__typename":"Query"}}');
      await expect.poll(() => countRunning(workers), patiently).toBe(0);
    });

    it('warns once in production of a database role that could change records, and not of one that can’t', async () => {
      const role = await createGatewayRole(env['DATABASE_URL'] ?? '');
      undo.push(role.drop);
      const warnings = async (url: string | undefined) => {
        const settings = { ...env, DATABASE_URL: url ?? '', NODE_ENV: 'production' };
        const primary = cli.start(['serve', '--workers', '2'], settings);
        running.push(primary);
        await expect.poll(async () => (await listening(primary)).length, patiently).toBe(2);
        primary.kill('SIGTERM');
        expect((await primary.ended).code).toBe(0);
        return (await linesOf(primary)).filter(({ msg }) => /could change records/.test(msg));
      };
      expect(await warnings(env['DATABASE_URL'])).toEqual([
        expect.objectContaining({ level: 40, ways: ['is a superuser'] }),
      ]);
      expect(await warnings(role.url)).toEqual([]);
    });

    it('says once that the port is taken', async () => {
      const blocker = createServer();
      await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
      const address = blocker.address();
      const port = String(typeof address === 'object' && address ? address.port : 0);
      const { code, stderr } = await cli.run(['serve', '--workers', '2'], { ...env, PORT: port });
      blocker.close();
      expect([code, stderr]).toEqual([
        1,
        `Port ${port} of 127.0.0.1 is in use by another program. Set PORT to a free one.\n`,
      ]);
    });
  });
});
