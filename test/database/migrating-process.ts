import { pino } from 'pino';
import { migrate } from '../../src/database/migrate.js';
import { openPostgresql } from '../../src/database/postgresql.js';

// Migrates the database of the first argument with the folder of the second, and tells what it applied.
const [, , databaseUrl = '', folder = ''] = process.argv;
const database = await openPostgresql({ databaseUrl, databasePoolSize: 1 }, pino({ level: 'silent' }));
const applied = await migrate(database, folder);
await database.close();
process.send?.(applied, () => process.disconnect());
