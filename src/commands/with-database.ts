import type { Logger } from 'pino';
import { type Config, loadConfig } from '../config.js';
import type { Database } from '../database/database.js';
import { CommandError } from './failure.js';

/** The directory's database, brought up to date; `migrations` are those that were missing. */
export interface OpenDirectory {
  readonly database: Database;
  readonly migrations: readonly string[];
}

/** What a command works with. */
export interface CommandParts extends OpenDirectory {
  readonly config: Config;
  readonly log: Logger;
}

/** Runs `work` on the directory's database, as the settings of this process say. What is logged goes to stderr. */
export async function withDatabase<T>(work: (parts: CommandParts) => Promise<T>): Promise<T> {
  const config = loadConfig(process.env);
  const { createLogger } = await import('../log.js');
  const log = createLogger(config, process.stderr);
  const directory = await openDirectory(config, log);
  try {
    return await work({ ...directory, config, log });
  } finally {
    await directory.database.close();
  }
}

/** Opens the database that the settings name, and brings it up to date. Throws what can be told to a person. */
export async function openDirectory(config: Config, log: Logger): Promise<OpenDirectory> {
  const [{ openDatabase }, { migrate }] = await Promise.all([
    import('../database/open.js'),
    import('../database/migrate.js'),
  ]);
  const database = await openDatabase(config, log).catch((error: unknown) => {
    throw toOpenError(error, config.databaseUrl === null);
  });
  try {
    const migrations = await migrate(database).catch((error: unknown) => {
      throw isRefused(error)
        ? new CommandError(`The role of DATABASE_URL may not read the tables. ${howToGrant}`)
        : error;
    });
    await refuseWithoutPrivileges(database);
    return { database, migrations };
  } catch (error) {
    await database.close();
    throw error;
  }
}

const howToGrant = 'Run divest grant-database-role as the owner of the tables.';

/** PostgreSQL's insufficient_privilege. */
const isRefused = (error: unknown) =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === '42501';

// Said here by name: later it would be an unexpected error of some request.
async function refuseWithoutPrivileges(database: Database): Promise<void> {
  if (database.kind === 'embedded') {
    return;
  }
  const { missingPrivileges } = await import('../database/gateway-role.js');
  const missing = await missingPrivileges(database);
  if (missing.length > 0) {
    throw new CommandError(`The role of DATABASE_URL lacks ${missing.join(', ')}. ${howToGrant}`);
  }
}

// The drivers' messages name hosts and users.
function toOpenError(error: unknown, isEmbedded: boolean): unknown {
  if (error instanceof Error && error.name === 'DirectoryLockedError') {
    return error;
  }
  const code =
    error instanceof Error && 'code' in error && /^\w+$/.test(String(error.code)) ? String(error.code) : null;
  const reason = code ?? 'no answer';
  return new CommandError(
    isEmbedded
      ? `The embedded database cannot be opened (${reason}). Check DIVEST_DATA_DIR: it must be a folder of yours.`
      : `The database cannot be opened (${reason}). Check DATABASE_URL, and that the server is running.`,
  );
}
