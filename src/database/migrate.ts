import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Connection, Database, Queries } from './database.js';
import { isUnavailable } from './failures.js';

/** The database can't be brought to the state that this version needs. The message says why, and what to do. */
export class MigrationError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MigrationError';
  }
}

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

interface Applied {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished_at: Date | null;
  readonly logs: string | null;
}

/** The number of the lock under which Prisma's own migration tool works. */
const advisoryLock = 72707369;
const lockPollMs = 100;

/** The folder of this package that holds the migrations, from the sources as from what was compiled of them. */
export const migrationsFolder = findMigrations(dirname(fileURLToPath(import.meta.url)));

/**
 * Applies the migrations that the database doesn't have yet, in the order of their names, each wholly or not at all,
 * and returns their names. Keeps the table that `prisma migrate deploy` keeps, so either may be used. Safe to run from
 * several processes at once: one works, the others wait for it. Throws MigrationError.
 */
export async function migrate(database: Database, folder = migrationsFolder): Promise<string[]> {
  const migrations = readMigrations(folder);
  const missing = findPending(migrations, await readApplied(database));
  if (missing.length === 0) {
    return [];
  }
  await refuseWithoutAuthority(database, missing);
  return database.withConnection(async (connection) => {
    await waitForLock(connection);
    await createTable(connection);
    const pending = findPending(migrations, await readApplied(connection));
    for (const migration of pending) {
      await apply(connection, migration);
    }
    await connection.query('select pg_advisory_unlock($1)', [advisoryLock]);
    return pending.map(({ name }) => name);
  });
}

/** The names of the migrations that the database doesn't have yet. Changes nothing. Throws MigrationError. */
export async function pendingMigrations(database: Queries, folder = migrationsFolder): Promise<string[]> {
  return findPending(readMigrations(folder), await readApplied(database)).map(({ name }) => name);
}

function findMigrations(from: string): string {
  const folder = join(from, 'prisma', 'migrations');
  return existsSync(folder) || dirname(from) === from ? folder : findMigrations(dirname(from));
}

function readMigrations(folder: string): Migration[] {
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return names
    .map(({ name }) => name)
    .sort()
    .map((name) => {
      const bytes = readFileSync(join(folder, name, 'migration.sql'));
      return { name, sql: bytes.toString('utf8'), checksum: createHash('sha256').update(bytes).digest('hex') };
    });
}

async function readApplied(queries: Queries): Promise<Applied[]> {
  const [table] = await queries.query<{ exists: boolean }>(
    `select to_regclass('public._prisma_migrations') is not null as exists`,
  );
  return table?.exists
    ? queries.query<Applied>(
        `select migration_name, checksum, finished_at, logs from _prisma_migrations
         where rolled_back_at is null order by started_at, migration_name`,
      )
    : [];
}

/** What is left to apply, once it is certain that what was applied is what this version knows. */
function findPending(migrations: readonly Migration[], applied: readonly Applied[]): Migration[] {
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const { migration_name: name, checksum, finished_at: finished, logs } of applied) {
    if (finished === null) {
      throw new MigrationError(failedBefore(name, logs));
    }
    const migration = known.get(name);
    if (!migration && leavesThisVersion(name, migrations)) {
      continue;
    }
    if (!migration) {
      throw new MigrationError(
        `The database has the migration ${name}, which this version of Divest doesn't know: it belongs to a newer ` +
          'version. Start that one, or restore a backup from before it was put in place.',
      );
    }
    if (migration.checksum !== checksum) {
      throw new MigrationError(
        `The migration ${name} was changed after it had been applied to the database. Restore the file as it was; ` +
          'a change belongs into a new migration.',
      );
    }
  }
  const done = new Set(applied.map(({ migration_name: name }) => name));
  return migrations.filter(({ name }) => !done.has(name));
}

// While a newer version is rolled out, this one goes on, and may have to be started again: on tables to which something
// was added. What takes something away says so in its name, and comes a version later.
const leavesThisVersion = (name: string, known: readonly Migration[]) =>
  !/_contract(_|$)/.test(name) && known.every((migration) => migration.name < name);

const failedBefore = (name: string, logs: string | null) =>
  `The migration ${name} failed before, and the database was left without it${logs ? `: ${logs}` : '.'}\n` +
  'Mend the cause, then say that it may be tried again: prisma migrate resolve --rolled-back ' +
  `${name}, or in SQL: update _prisma_migrations set rolled_back_at = now() where migration_name = '${name}' ` +
  'and finished_at is null;';

// A gateway that serves as a role of its own may not change tables, and is not meant to.
async function refuseWithoutAuthority(database: Queries, missing: readonly Migration[]): Promise<void> {
  const [role] = await database.query<{ authority: boolean }>(
    `select case when to_regclass('public._prisma_migrations') is null then has_schema_privilege('public', 'CREATE')
                 else has_table_privilege('public._prisma_migrations', 'INSERT') end as authority`,
  );
  if (!role?.authority) {
    throw new MigrationError(
      `The database lacks ${missing.map(({ name }) => name).join(', ')}, and this role may not change its tables. ` +
        'Run divest migrate, and then divest grant-database-role, with the DATABASE_URL of their owner.',
    );
  }
}

// Asks again and again instead of waiting in the database: a statement that waits there keeps others, such as the
// building of an index by another process, from ever ending.
async function waitForLock(connection: Connection): Promise<void> {
  for (;;) {
    const [row] = await connection.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [
      advisoryLock,
    ]);
    if (row?.taken) {
      return;
    }
    await sleep(lockPollMs);
  }
}

const createTable = (connection: Connection) =>
  connection.runScript(`
    create table if not exists _prisma_migrations (
      id                  varchar(36) primary key not null,
      checksum            varchar(64) not null,
      finished_at         timestamptz,
      migration_name      varchar(255) not null,
      logs                text,
      rolled_back_at      timestamptz,
      started_at          timestamptz not null default now(),
      applied_steps_count integer not null default 0
    )`);

// One script, so one transaction: where the process dies in the middle of it, nothing has happened, and the next
// start tries again. The file may end in a comment, hence the line break.
async function apply(connection: Connection, { name, sql, checksum }: Migration): Promise<void> {
  const id = randomUUID();
  try {
    await connection.runScript(`
      insert into _prisma_migrations (id, checksum, migration_name) values ('${id}', '${checksum}', ${quote(name)});
      ${sql}
      ;update _prisma_migrations set finished_at = clock_timestamp(), applied_steps_count = 1 where id = '${id}'`);
  } catch (error) {
    if (isUnavailable(error)) {
      throw error;
    }
    const logs = error instanceof Error ? error.message : String(error);
    await recordFailure(connection, { id, checksum, name, logs });
    throw new MigrationError(`The migration ${name} failed, and nothing of it was applied: ${logs}`, { cause: error });
  }
}

async function recordFailure(
  connection: Connection,
  failure: { readonly id: string; readonly checksum: string; readonly name: string; readonly logs: string },
): Promise<void> {
  await connection.query(
    'insert into _prisma_migrations (id, checksum, migration_name, logs) values ($1, $2, $3, $4)',
    [failure.id, failure.checksum, failure.name, failure.logs],
  );
}

const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;
