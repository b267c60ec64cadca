import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pino } from 'pino';
import type { TestProject } from 'vitest/node';
import { EmbeddedDatabase, startEngine } from '../../src/database/embedded.js';
import { migrate } from '../../src/database/migrate.js';
import { openPostgresql } from '../../src/database/postgresql.js';
import {
  databaseUrl,
  isPostgresqlThere,
  isRedisThere,
  NoServer,
  type Server,
  startPostgresql,
  startRedis,
} from './servers.js';

/** What the tests of one run share. Null: there is no such server, and the tests that need it are left out. */
export interface TestServers {
  /** A file that holds an empty, migrated embedded database … */
  readonly embeddedSnapshot: string;
  /** … and the same as the folder that a process would have made of it. */
  readonly embeddedFolder: string;
  /** A database of the PostgreSQL server, and the template from which test databases are made. */
  readonly postgresql: { readonly url: string; readonly template: string } | null;
  readonly redisUrl: string | null;
}

declare module 'vitest' {
  interface ProvidedContext {
    readonly testServers: TestServers;
  }
}

/** The browser of the tests that drive one. */
export const chromium = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** Whether what is tested on every kind of database is tested on the embedded one too. */
export const testsEmbedded = process.env['TEST_EMBEDDED'] !== 'none';

function findChromium(): void {
  if (existsSync(chromium)) {
    return;
  }
  if (process.env['REQUIRE_CHROMIUM'] === 'true') {
    throw new Error(`There is no browser at ${chromium}: set CHROMIUM.`);
  }
  leaveOut('Browser', `there is no ${chromium}`);
}

/** Finds or starts the servers, and makes the databases that tests are given copies of. Returns what undoes it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  findChromium();
  if (!testsEmbedded) {
    leaveOut('Embedded database', 'TEST_EMBEDDED is none');
  }
  const undo: (() => Promise<void>)[] = [];
  const undoAll = async () => {
    for (const step of undo.reverse()) {
      await step().catch((error: unknown) => console.error(error));
    }
  };
  try {
    // One after the other: the embedded database is made in this very thread, and nobody else's time goes on there.
    const embedded = await makeSnapshot(undo);
    const postgresql = await findPostgresql(undo);
    const redisUrl = await findRedis(undo);
    project.provide('testServers', { ...embedded, postgresql, redisUrl });
  } catch (error) {
    await undoAll();
    throw error;
  }
  return undoAll;
}

async function makeSnapshot(undo: (() => Promise<void>)[]) {
  const folder = mkdtempSync(join(tmpdir(), 'divest-snapshot-'));
  undo.push(async () => rmSync(folder, { recursive: true, force: true }));
  const engine = await startEngine({});
  const database = new EmbeddedDatabase(engine);
  await migrate(database);
  const path = join(folder, 'snapshot.tar');
  writeFileSync(path, Buffer.from(await (await engine.dumpDataDir('none')).arrayBuffer()));
  await database.close();
  const embeddedFolder = join(folder, 'database');
  mkdirSync(embeddedFolder);
  await promisify(execFile)('tar', ['-xf', path, '-C', embeddedFolder]);
  return { embeddedSnapshot: path, embeddedFolder };
}

async function findPostgresql(undo: (() => Promise<void>)[]): Promise<TestServers['postgresql']> {
  const server = await findServer('PostgreSQL', 'TEST_DATABASE_URL', isPostgresqlThere, startPostgresql);
  if (!server) {
    return null;
  }
  undo.push(server.stop);
  const template = `divest_template_${randomUUID().slice(0, 8)}`;
  const administrator = await open(server.url);
  await administrator.query(`create database ${template}`);
  undo.push(async () => {
    await administrator.query(`drop database if exists ${template} with (force)`);
    await administrator.close();
  });
  const database = await open(databaseUrl(server.url, template));
  await migrate(database);
  await database.close();
  return { url: server.url, template };
}

async function findRedis(undo: (() => Promise<void>)[]): Promise<string | null> {
  const usual = 'redis://127.0.0.1:6379';
  const start = async () => ((await isRedisThere(usual)) ? { url: usual, stop: async () => {} } : startRedis());
  const server = await findServer('Redis', 'TEST_REDIS_URL', isRedisThere, start);
  if (server) {
    undo.push(server.stop);
  }
  return server?.url ?? null;
}

/** The server of the variable, or one that is started; null, with one line of output, where neither can be had. */
async function findServer(
  name: string,
  variable: string,
  isThere: (url: string) => Promise<boolean>,
  start: () => Promise<Server>,
): Promise<Server | null> {
  const given = process.env[variable];
  if (given === 'none') {
    return leaveOut(name, `${variable} is none`);
  }
  if (given) {
    if (!(await isThere(given))) {
      throw new Error(`${variable} is set, and no ${name} server answers there.`);
    }
    return { url: given, stop: async () => {} };
  }
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof NoServer) || process.env[`REQUIRE_${name.toUpperCase()}`] === 'true') {
      throw error;
    }
    return leaveOut(name, error.message);
  }
}

function leaveOut(name: string, reason: string): null {
  console.warn(`${name} tests were left out: ${reason}.`);
  return null;
}

const open = (url: string) => openPostgresql({ databaseUrl: url, databasePoolSize: 2 }, pino({ level: 'silent' }));
