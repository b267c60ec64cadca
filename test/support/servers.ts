import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

/** A server that tests may use, and how to be rid of it. */
export interface Server {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Why there is none, for people. */
export class NoServer extends Error {}

const postgresFolders = ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt', '/usr/local/pgsql', '/usr'];

/** The path of an installed program, or null. */
function findProgram(name: string): string | null {
  const onPath = (process.env['PATH'] ?? '').split(delimiter);
  const elsewhere = name.startsWith('redis') ? ['/opt/homebrew/bin', '/usr/local/bin'] : postgresProgramFolders();
  return [...onPath, ...elsewhere].map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

// The newest first: /usr/lib/postgresql/16/bin before …/15/bin, Homebrew's postgresql@16 before postgresql@15.
function postgresProgramFolders(): string[] {
  const list = (folder: string) => {
    try {
      return readdirSync(folder).sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
    } catch {
      return [];
    }
  };
  return postgresFolders.flatMap((folder) => [
    join(folder, 'bin'),
    ...list(folder)
      .filter((name) => /^(\d+|postgresql.*)$/.test(name))
      .map((name) => join(folder, name, 'bin')),
  ]);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A server of a test's own, which can be ended as a crash would end it. */
export interface CrashingServer extends Server {
  /** Ends it at once: nothing is written any more, and nobody is told. Its files stay. */
  crash(): Promise<void>;
  /** Starts it again on the same address. */
  startAgain(): Promise<void>;
}

/** Whether a PostgreSQL server can be started here. */
export const isPostgresqlInstalled = (): boolean => Boolean(findProgram('initdb') && findProgram('postgres'));

/** Whether a Redis server can be started here. */
export const isRedisInstalled = (): boolean => Boolean(findProgram('redis-server'));

// Speed is all that counts for a server that is thrown away.
const careless = ['fsync=off', 'synchronous_commit=off'];

/**
 * Starts a PostgreSQL server of its own on a free port of 127.0.0.1, in a new folder, for as long as the tests run.
 * `survivesCrash`: its files can be used after a crash (of the server: the machine goes on). Throws NoServer where the
 * programs are not installed.
 */
export async function startPostgresql({ survivesCrash = false } = {}): Promise<CrashingServer> {
  const [initdb, postgres] = [findProgram('initdb'), findProgram('postgres')];
  if (!initdb || !postgres) {
    throw new NoServer('PostgreSQL is not installed (initdb and postgres were not found)');
  }
  const folder = mkdtempSync(join(tmpdir(), 'divest-postgresql-'));
  const user = unprivileged();
  if (user) {
    execFileSync('chown', [`${user.uid}:${user.gid}`, folder]);
  }
  const data = join(folder, 'data');
  const how = { stdio: 'ignore', ...user } as const;
  execFileSync(initdb, ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', ...localeFlags(), '--no-sync'], how);
  const port = await freePort();
  const settings = [...careless, `full_page_writes=${survivesCrash ? 'on' : 'off'}`, 'max_connections=100'];
  const flags = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder];
  const run = () => spawn(postgres, [...flags, ...settings.flatMap((setting) => ['-c', setting])], how);
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
  let server = run();
  const stop = async () => {
    await stopProcess(server, 'SIGINT');
    rmSync(folder, { recursive: true, force: true });
  };
  const started = await waitFor(url, isPostgresqlThere, server, stop);
  return {
    ...started,
    crash: () => stopProcess(server, 'SIGQUIT'),
    startAgain: async () => {
      server = run();
      await waitFor(url, isPostgresqlThere, server, stop);
    },
  };
}

// The embedded database's locale where there is such a one: letters beyond ASCII have upper and lower case in it.
function localeFlags(): string[] {
  const installed = spawnSync('locale', ['-a'], { encoding: 'utf8' }).stdout?.split('\n') ?? [];
  const found = ['C.utf8', 'C.UTF-8', 'en_US.utf8', 'en_US.UTF-8'].find((name) => installed.includes(name));
  return [`--locale=${found ?? 'C'}`];
}

/** Starts a Redis server of its own on a free port of 127.0.0.1. Throws NoServer where it is not installed. */
export async function startRedis(): Promise<CrashingServer> {
  const program = findProgram('redis-server');
  if (!program) {
    throw new NoServer('Redis is not installed (redis-server was not found)');
  }
  const port = await freePort();
  const flags = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', tmpdir()];
  const run = () => spawn(program, flags, { stdio: 'ignore' });
  const url = `redis://127.0.0.1:${port}`;
  let server = run();
  const stop = () => stopProcess(server, 'SIGTERM');
  const started = await waitFor(url, isRedisThere, server, stop);
  return {
    ...started,
    crash: () => stopProcess(server, 'SIGKILL'),
    startAgain: async () => {
      server = run();
      await waitFor(url, isRedisThere, server, stop);
    },
  };
}

async function waitFor(
  url: string,
  isThere: (url: string) => Promise<boolean>,
  server: ChildProcess,
  stop: () => Promise<void>,
): Promise<Server> {
  for (let attempt = 0; attempt < 200 && server.exitCode === null; attempt++) {
    if (await isThere(url)) {
      return { url, stop };
    }
    await sleep(100);
  }
  await stop();
  throw new NoServer(`${server.spawnfile} was started and did not answer`);
}

async function stopProcess(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) {
    return;
  }
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.kill(signal);
  await ended;
}

/** Whether a PostgreSQL server answers. */
export async function isPostgresqlThere(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}

/** Whether a Redis server answers. */
export function isRedisThere(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port || 6379) }, () => socket.write('PING\r\n'));
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2_000, () => end(false));
    socket.once('data', () => end(true));
    socket.once('error', () => end(false));
  });
}

// Below those that the system gives out: a server that comes back must find its port free.
async function freePort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 20_000);
    if (await isFree(port)) {
      return port;
    }
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

// PostgreSQL refuses to run as root: then it runs as the user that its package made, or as nobody.
function unprivileged(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) {
    return null;
  }
  const idOf = (flag: string, name: string) => Number(execFileSync('id', [flag, name], { stdio: 'pipe' }));
  for (const name of ['postgres', 'nobody']) {
    try {
      return { uid: idOf('-u', name), gid: idOf('-g', name) };
    } catch {
      // There is no such user: the next.
    }
  }
  throw new NoServer('PostgreSQL does not run as root, and there is no other user to run it as');
}

/** The URL of another database on the same server. */
export function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}
