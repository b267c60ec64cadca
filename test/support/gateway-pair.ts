import { pino } from 'pino';
import { openPostgresql } from '../../src/database/postgresql.js';
import { loadDemo } from '../../src/demo/demo.js';
import { openTestDatabase, type TestDatabase } from './databases.js';
import { type ServedGateway, serveDatabase } from './gateway.js';
import { rememberRows } from './reset.js';

/**
 * Two gateways on one PostgreSQL, each with connections of its own, as two machines would have them. The embedded database
 * would hide what is tested with them: it does one thing at a time.
 */
export interface GatewayPair {
  readonly database: TestDatabase;
  readonly gateways: readonly [ServedGateway, ServedGateway];
  /** Sends all at once, in turn to the one and the other gateway. */
  together<Answer>(requests: readonly ((gateway: ServedGateway) => Promise<Answer>)[]): Promise<Answer[]>;
  /** Brings the database back to the demo organization as it was. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

export async function openGatewayPair(): Promise<GatewayPair> {
  const database = await openTestDatabase('postgresql');
  await loadDemo(database);
  const reset = await rememberRows(database);
  const serve = async () => {
    const log = pino({ level: 'silent' });
    const own = await openPostgresql({ databaseUrl: database.url ?? '', databasePoolSize: 10 }, log);
    // Ahead by three seconds, so that a token can be later than a removal without anybody waiting for the next second.
    return serveDatabase(own, {}, { clock: () => new Date(Date.now() + 3000) });
  };
  const gateways = [await serve(), await serve()] as const;
  return {
    ...{ database, gateways, reset },
    together: (requests) => Promise.all(requests.map((request, index) => request(gateways[index % 2 === 0 ? 0 : 1]))),
    close: async () => {
      for (const gateway of gateways) {
        await gateway.close();
        await gateway.database.close();
      }
      await database.close();
    },
  };
}
