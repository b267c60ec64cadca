import type { Logger } from 'pino';
import { type Config, loadConfig } from '../config.js';
import type { Database } from '../database/database.js';
import { CommandError } from './failure.js';

/** The directory's database, brought up to date; `migrations` are those that were missing. */
export interface OpenDirectory {
  readonly database: Database;
  readonly migrations: readonly string[];
}

/** Runs `work` on the directory's database, as the settings of this process say. What is logged goes to stderr. */
export async function withDatabase<T>(work: (directory: OpenDirectory) => Promise<T>): Promise<T> {
  const config = loadConfig(process.env);
  const { createLogger } = await import('../log.js');
  const directory = await openDirectory(config, createLogger(config, process.stderr));
  try {
    return await work(directory);
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
    return { database, migrations: await migrate(database) };
  } catch (error) {
    await database.close();
    throw error;
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
