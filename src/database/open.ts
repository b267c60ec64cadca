import type { Logger } from 'pino';
import type { Config } from '../config.js';
import type { Database } from './database.js';
import { openEmbedded } from './embedded.js';
import { openPostgresql } from './postgresql.js';

/** Opens the database that the settings name: PostgreSQL, or the embedded one where they name none. */
export function openDatabase(
  { databaseUrl, dataDir, databasePoolSize }: Pick<Config, 'databaseUrl' | 'dataDir' | 'databasePoolSize'>,
  log: Logger,
): Promise<Database> {
  return databaseUrl === null ? openEmbedded({ dataDir }) : openPostgresql({ databaseUrl, databasePoolSize }, log);
}
