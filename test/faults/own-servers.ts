import { pino } from 'pino';
import { migrate } from '../../src/database/migrate.js';
import { openPostgresql } from '../../src/database/postgresql.js';
import { postgresUrl, redisUrl, type TestDatabase } from '../support/databases.js';
import { isPostgresqlInstalled, isRedisInstalled } from '../support/servers.js';

/** Whether tests may start a PostgreSQL server of their own, to stop it. */
export const hasOwnPostgresql = canStart('PostgreSQL', postgresUrl, isPostgresqlInstalled);

/** The same of Redis. */
export const hasOwnRedis = canStart('Redis', redisUrl, isRedisInstalled);

// Where there is no server at all, that has been said.
function canStart(name: string, url: string | null, isInstalled: () => boolean): boolean {
  if (url === null || isInstalled()) {
    return url !== null;
  }
  const reason = `Tests that stop ${name} need its programs, which were not found.`;
  if (process.env[`REQUIRE_${name.toUpperCase()}`] === 'true') {
    throw new Error(reason);
  }
  console.warn(`${reason} They were left out.`);
  return false;
}

/** A further way to a database that a test has already, brought up to date; its `close` leaves the database there. */
export async function openUrl(url: string): Promise<TestDatabase> {
  const database = await openPostgresql({ databaseUrl: url, databasePoolSize: 2 }, pino({ level: 'silent' }));
  await migrate(database);
  return Object.assign(database, { url });
}
