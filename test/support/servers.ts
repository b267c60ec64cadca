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

/**
 * Starts a PostgreSQL server of its own on a free port of 127.0.0.1, in a new folder, for as long as the tests run.
 * Throws NoServer where the programs are not installed.
 */
export async function startPostgresql(): Promise<Server> {
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
  const settings = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=100'];
  const flags = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder];
  const server = spawn(postgres, [...flags, ...settings.flatMap((setting) => ['-c', setting])], how);
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
  const stop = async () => {
    await stopProcess(server, 'SIGINT');
    rmSync(folder, { recursive: true, force: true });
  };
  return waitFor(url, isPostgresqlThere, server, stop);
}

// The embedded database's locale where there is such a one: letters beyond ASCII have upper and lower case in it.
function localeFlags(): string[] {
  const installed = spawnSync('locale', ['-a'], { encoding: 'utf8' }).stdout?.split('\n') ?? [];
  const found = ['C.utf8', 'C.UTF-8', 'en_US.utf8', 'en_US.UTF-8'].find((name) => installed.includes(name));
  return [`--locale=${found ?? 'C'}`];
}

/** Starts a Redis server of its own on a free port of 127.0.0.1. Throws NoServer where it is not installed. */
export async function startRedis(): Promise<Server> {
  const program = findProgram('redis-server');
  if (!program) {
    throw new NoServer('Redis is not installed (redis-server was not found)');
  }
  const port = await freePort();
  const flags = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', tmpdir()];
  const server = spawn(program, flags, { stdio: 'ignore' });
  return waitFor(`redis://127.0.0.1:${port}`, isRedisThere, server, () => stopProcess(server, 'SIGTERM'));
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

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
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
