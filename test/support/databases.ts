import { randomUUID } from 'node:crypto';
import { constants, openAsBlob } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { pino } from 'pino';
import { inject } from 'vitest';
import type { Database } from '../../src/database/database.js';
import { EmbeddedDatabase, type QueuedPGlite, startEngine } from '../../src/database/embedded.js';
import { openPostgresql } from '../../src/database/postgresql.js';
import { testsEmbedded } from './global-setup.js';
import { empty } from './reset.js';
import { databaseUrl } from './servers.js';

export type DatabaseKind = Database['kind'];

const { embeddedSnapshot, embeddedFolder, postgresql, redisUrl: foundRedisUrl } = inject('testServers');

/** The kinds of database that are tested here: `describe.each(databaseKinds)('… on %s', (kind) => …)`. */
export const databaseKinds: readonly DatabaseKind[] = [
  ...(testsEmbedded || !postgresql ? (['embedded'] as const) : []),
  ...(postgresql ? (['postgresql'] as const) : []),
];

/** A database on the PostgreSQL server of this run, for nothing but making others; null where there is no server. */
export const postgresUrl: string | null = postgresql?.url ?? null;

/** The Redis server of this run; null where there is none. */
export const redisUrl: string | null = foundRedisUrl;

/** A database of a test's own. */
export interface TestDatabase extends Database {
  /** Where others can open it too; null for the embedded one, which is in memory. */
  readonly url: string | null;
}

/**
 * A migrated, empty database of the test's own until it is closed. Takes up to half a second (embedded) or a tenth
 * (PostgreSQL): share one among the tests of a file where they can't disturb each other. An embedded one is emptied when it
 * is closed and given to the next test: what changes the schema must change it back.
 */
export function openTestDatabase(kind: DatabaseKind, poolSize = 10): Promise<TestDatabase> {
  return kind === 'embedded' ? openEmbeddedCopy() : openPostgresqlCopy(poolSize);
}

/** Engines that tests of this worker have given back. A new one costs half a second of processor time. */
const spareEngines: QueuedPGlite[] = [];

async function openEmbeddedCopy(): Promise<TestDatabase> {
  const engine = spareEngines.pop() ?? (await startEngine({ loadDataDir: await openAsBlob(embeddedSnapshot) }));
  const database = new EmbeddedDatabase(engine);
  const close = async () => {
    await empty(database);
    spareEngines.push(engine);
  };
  return Object.assign(database, { url: null, close });
}

/** Puts an empty, migrated database into a data directory, for a process: to make one takes it some five seconds. */
export const fillDataDir = (dataDir: string): Promise<void> =>
  cp(embeddedFolder, join(dataDir, 'database'), { recursive: true, mode: constants.COPYFILE_FICLONE });

/** An embedded engine with nothing in it. (One that was emptied: quicker than a new one.) */
export async function startEmptyEngine(): Promise<QueuedPGlite> {
  const engine = await startEngine({ loadDataDir: await openAsBlob(embeddedSnapshot) });
  await engine.exec('drop schema public cascade; create schema public');
  return engine;
}

async function openPostgresqlCopy(poolSize: number): Promise<TestDatabase> {
  const { url, drop } = await createPostgresqlDatabase();
  const database = await openPostgresql({ databaseUrl: url, databasePoolSize: poolSize }, pino({ level: 'silent' }));
  const closePool = database.close.bind(database);
  const close = async () => {
    await closePool();
    await drop();
  };
  return Object.assign(database, { url, close });
}

/** A new PostgreSQL database for tests that open it themselves: migrated, or empty for tests of the migrations. */
export async function createPostgresqlDatabase(
  { migrated } = { migrated: true },
): Promise<{ readonly url: string; readonly drop: () => Promise<void> }> {
  if (!postgresql) {
    throw new Error('There is no PostgreSQL server: leave this test out where postgresUrl is null.');
  }
  const name = `divest_test_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
  const template = migrated ? postgresql.template : 'template0';
  await administer(postgresql.url, `create database ${name} template ${template}`);
  return {
    url: databaseUrl(postgresql.url, name),
    drop: () => administer(postgresql.url, `drop database if exists ${name} with (force)`),
  };
}

async function administer(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
