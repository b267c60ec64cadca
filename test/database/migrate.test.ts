import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.js';
import { EmbeddedDatabase } from '../../src/database/embedded.js';
import { MigrationError, migrate, pendingMigrations } from '../../src/database/migrate.js';
import { openPostgresql, statementTimeoutMs } from '../../src/database/postgresql.js';
import { createPostgresqlDatabase, type DatabaseKind, databaseKinds, startEmptyEngine } from '../support/databases.js';
import { forkTypescript, nextMessage } from '../support/processes.js';

const log = pino({ level: 'silent' });
const names = ['20260101000000_first', '20260102000000_second'];

interface Row {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished_at: Date | null;
  readonly applied_steps_count: number;
  readonly logs: string | null;
}
const rowsOf = (database: Database) =>
  database.query<Row>(
    `select migration_name, checksum, finished_at, applied_steps_count, logs from _prisma_migrations order by started_at`,
  );
const messageOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no failure',
    (error: unknown) => (error instanceof MigrationError ? error.message : `not a MigrationError: ${error}`),
  );

async function openEmpty(kind: DatabaseKind): Promise<{ database: Database; url: string; drop: () => Promise<void> }> {
  if (kind === 'embedded') {
    const database = new EmbeddedDatabase(await startEmptyEngine());
    return { database, url: '', drop: () => database.close() };
  }
  const { url, drop } = await createPostgresqlDatabase({ migrated: false });
  const database = await openPostgresql({ databaseUrl: url, databasePoolSize: 4 }, log);
  const close = async () => {
    await database.close();
    await drop();
  };
  return { database, url, drop: close };
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'divest-migrations-'));
  write('20260101000000_first', 'create table first (id integer);\n-- and no line break at the end');
  write('20260102000000_second', 'create table second (id integer);');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, sql: string): void {
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, name, 'migration.sql'), sql);
}

describe.each(databaseKinds)('migrations on %s', (kind) => {
  let database: Database;
  let url: string;
  let drop: () => Promise<void>;
  beforeEach(async () => {
    ({ database, url, drop } = await openEmpty(kind));
  });
  afterEach(() => drop());

  test('are applied in order and once, and recorded as Prisma records them', async () => {
    expect(await pendingMigrations(database, folder)).toEqual(names);
    expect(await migrate(database, folder)).toEqual(names);
    expect(await migrate(database, folder)).toEqual([]);
    expect(await pendingMigrations(database, folder)).toEqual([]);
    const checksumOf = (name: string) =>
      createHash('sha256')
        .update(readFileSync(join(folder, name, 'migration.sql')))
        .digest('hex');
    expect(await rowsOf(database)).toEqual(
      names.map((name) => ({
        migration_name: name,
        checksum: checksumOf(name),
        finished_at: expect.any(Date),
        applied_steps_count: 1,
        logs: null,
      })),
    );
  });

  test('that fail change nothing, are recorded, and are refused from then on until somebody says otherwise', async () => {
    write('20260102000000_second', 'create table second (id integer); select nonsense;');
    expect(await messageOf(migrate(database, folder))).toMatch(/20260102000000_second failed.*nonsense/);
    expect(await database.query(`select to_regclass('first') as first, to_regclass('second') as second`)).toEqual([
      { first: 'first', second: null },
    ]);
    const [, failed] = await rowsOf(database);
    expect(failed).toMatchObject({
      finished_at: null,
      applied_steps_count: 0,
      logs: expect.stringMatching('nonsense'),
    });

    write('20260102000000_second', 'create table second (id integer);');
    const refusal = await messageOf(migrate(database, folder));
    expect(refusal).toMatch(/20260102000000_second failed before/);
    expect(await messageOf(pendingMigrations(database, folder))).toBe(refusal);

    const [, advice = ''] = /in SQL: (.*;)$/.exec(refusal) ?? [];
    await database.query(advice);
    expect(await migrate(database, folder)).toEqual(['20260102000000_second']);
  });

  test('that were changed afterwards are refused', async () => {
    await migrate(database, folder);
    write('20260101000000_first', 'create table first (id bigint);');
    expect(await messageOf(migrate(database, folder))).toMatch(/20260101000000_first was changed/);
  });

  test('of a newer version are no obstacle while it is rolled out: they only add', async () => {
    await migrate(database, folder);
    rmSync(join(folder, '20260102000000_second'), { recursive: true });
    expect(await migrate(database, folder)).toEqual([]);
    expect(await rowsOf(database)).toHaveLength(2);
  });

  test('of a newer version that take away what this one uses are refused', async () => {
    write('20260103000000_contract_first', 'drop table first');
    await migrate(database, folder);
    rmSync(join(folder, '20260103000000_contract_first'), { recursive: true });
    expect(await messageOf(migrate(database, folder))).toMatch(/20260103000000_contract_first.*newer version/s);
  });

  test('that are not known and older than what is known are refused: they are somebody else’s', async () => {
    await migrate(database, folder);
    rmSync(join(folder, '20260101000000_first'), { recursive: true });
    expect(await messageOf(migrate(database, folder))).toMatch(/20260101000000_first.*doesn't know/s);
  });

  test('are applied once where several start at the same time in one process', async () => {
    write('20260103000000_slow', 'select pg_sleep(0.3); create table third (id integer);');
    const results = await Promise.all([1, 2, 3].map(() => migrate(database, folder)));
    expect(results.flat().sort()).toEqual([...names, '20260103000000_slow']);
  });

  test.skipIf(kind === 'embedded')(
    'are applied once by four processes, which wait longer than a statement may',
    async () => {
      const seconds = (statementTimeoutMs + 1_500) / 1000;
      write('20260103000000_slow', `select pg_sleep(${seconds}); create table third (id integer);`);
      const program = join(import.meta.dirname, 'migrating-process.ts');
      const run = () => nextMessage<string[]>(forkTypescript(program, url, folder));
      const results = await Promise.all([run(), run(), run(), run()]);
      expect(results.flat().sort()).toEqual([...names, '20260103000000_slow']);
      expect(results.filter((applied) => applied.length === 0)).toHaveLength(3);
      expect(await rowsOf(database)).toHaveLength(3);
    },
  );

  // The embedded database dies with its process: see embedded.test.ts.
  test.skipIf(kind === 'embedded')(
    'whose process dies leave nothing behind, and the next start applies them',
    async () => {
      write('20260102000000_second', 'create table second (id integer); select pg_sleep(5);');
      const dying = migrate(database, folder);
      const gone = expect(dying).rejects.toThrow();
      const terminate = `select pg_terminate_backend(pid) from pg_stat_activity
      where query like '%create table second%' and pid <> pg_backend_pid()`;
      await expect.poll(() => database.query(terminate)).toHaveLength(1);
      await gone;
      write('20260102000000_second', 'create table second (id integer);');
      expect(await migrate(database, folder)).toEqual(['20260102000000_second']);
    },
  );
});
