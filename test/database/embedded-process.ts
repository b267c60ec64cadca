import { pino } from 'pino';
import { migrate } from '../../src/database/migrate.js';
import { openDatabase } from '../../src/database/open.js';

// Opens the embedded database in the folder of the first argument, stores an organization, and lives on with it open.
const [, , dataDir = ''] = process.argv;
const settings = { databaseUrl: null, dataDir, databasePoolSize: 1 };
const database = await openDatabase(settings, pino({ level: 'silent' }));
process.send?.('opened');
await migrate(database);
await database.query(`insert into organizations (id, name) values ('org_kept', 'Kept')`);
process.send?.('stored');
setInterval(() => {}, 60_000);
