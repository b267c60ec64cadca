import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.js';
import { DirectoryLockedError } from '../../src/database/embedded-lock.js';
import { migrate, pendingMigrations } from '../../src/database/migrate.js';
import { openDatabase } from '../../src/database/open.js';
import { openTestDatabase } from '../support/databases.js';
import { forkTypescript, kill, nextMessage } from '../support/processes.js';

let dataDir: string;
let children: ChildProcess[] = [];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'divest-embedded-'));
  children = [];
});
afterEach(async () => {
  await Promise.all(children.map(kill));
  rmSync(dataDir, { recursive: true, force: true });
});

const open = (): Promise<Database> =>
  openDatabase({ databaseUrl: null, dataDir, databasePoolSize: 1 }, pino({ level: 'silent' }));
function start(): ChildProcess {
  const child = forkTypescript(join(import.meta.dirname, 'embedded-process.ts'), dataDir);
  children.push(child);
  return child;
}

describe('the embedded database in a folder', () => {
  test('is not shared, and keeps what was stored when its process is killed', async () => {
    const child = start();
    expect(await nextMessage(child)).toBe('opened');
    expect(await nextMessage(child)).toBe('stored');
    await expect(open()).rejects.toThrow(DirectoryLockedError);
    await expect(open()).rejects.toThrow(`process ${child.pid}`);
    await kill(child);

    const database = await open();
    expect(await database.query('select id from organizations')).toEqual([{ id: 'org_kept' }]);
    expect(await pendingMigrations(database)).toEqual([]);
    await database.close();
    expect(readdirSync(dataDir)).toEqual(['database']);
  });

  test('is made anew where a process was killed while it made it', async () => {
    mkdirSync(join(dataDir, 'database', 'base'), { recursive: true });
    writeFileSync(join(dataDir, 'database', 'PG_VERSION'), '18\n');
    writeFileSync(join(dataDir, 'database.incomplete'), '');
    const database = await open();
    await migrate(database);
    expect(await database.query('select id from organizations')).toEqual([]);
    await database.close();
    expect(existsSync(join(dataDir, 'database.incomplete'))).toBe(false);
  });

  test('lets go of its lock where it can not be opened', async () => {
    writeFileSync(join(dataDir, 'database'), 'a file, not a folder');
    await expect(open()).rejects.toThrow();
    expect(readdirSync(dataDir)).toEqual(['database']);
  });
});

describe('the one connection of an embedded database', () => {
  let database: Database;
  beforeEach(async () => {
    database = await openTestDatabase('embedded');
  });
  afterEach(() => database.close());

  test('is refused inside a transaction to what would wait for its end for ever', async () => {
    const waits = /only the queries that it was given/;
    const attempts: readonly (() => Promise<unknown>)[] = [
      () => database.query('select 1'),
      () => database.transaction(async () => {}),
      () => database.withConnection(async (connection) => connection.query('select 1')),
      () => database.prisma.organization.findMany(),
    ];
    for (const attempt of attempts) {
      await expect(database.transaction(attempt)).rejects.toThrow(waits);
    }
    expect(await database.query('select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('is waited for by what is outside, and tells how much is waiting', async () => {
    expect(database.poolState()).toEqual({ open: 1, idle: 1, waiting: 0 });
    let finish = () => {};
    const held = database.transaction(() => new Promise<void>((resolve) => (finish = resolve)));
    // Prisma's queries begin when somebody waits for them.
    const queries = [database.query('select 1 as one'), database.prisma.organization.findMany().then((found) => found)];
    await expect.poll(() => database.poolState()).toEqual({ open: 1, idle: 0, waiting: 2 });
    finish();
    await held;
    expect(await Promise.all(queries)).toEqual([[{ one: 1 }], []]);
    expect(database.poolState()).toEqual({ open: 1, idle: 1, waiting: 0 });
  });
});
