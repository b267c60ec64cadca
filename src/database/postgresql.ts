import { createHash } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import { type CustomTypesConfig, Pool, type PoolClient, type QueryConfig } from 'pg';
import type { Logger } from 'pino';
import type { Config } from '../config.js';
import { PrismaClient } from '../generated/prisma/client.js';
import type { Connection, Database, Queries, TransactionOptions } from './database.js';
import { createClientClass } from './patient-client.js';
import { parserOf } from './values.js';

// A removal needs a connection twice, to know its caller and to be done, and may find its user locked then. Where others
// hold what everybody waits for, all of that has to come to less than the five seconds in which it is to be answered.
/** How long a request waits for a connection: a free one of the pool, or a new one. Milliseconds, as all below. */
export const acquireTimeoutMs = 1_800;
/** After how long the server gives up a statement … */
export const statementTimeoutMs = 4_000;
/** … and a wait for what somebody else has locked: later than it looks for deadlocks (1 s), which one of two survives. */
export const lockTimeoutMs = 1_200;
const idleTransactionTimeoutMs = 10_000;
// The server's own timeout comes first; this one is for a server that doesn't answer at all.
const answerTimeoutMs = statementTimeoutMs + 1_000;
const rollbackTimeoutMs = 1_000;
const idleConnectionTimeoutMs = 30_000;
// Node's timers take no more than 31 bits.
const never = 2 ** 31 - 1;

// Sent on every new connection, not in the URL or at its start, where an operator's own options would override them.
// Prisma's driver reads and writes instants as if the time zone was UTC, whatever the server's is. A directory is read from
// memory or from disks without arms: at the standard price of a random page, small tables are read whole for five rows.
// A server that is set to acknowledge what it could still lose isn't heeded: what is done here stays done. (What asks for
// more than `on` is left.)
const sessionSettings = `
  set statement_timeout = ${statementTimeoutMs};
  set lock_timeout = ${lockTimeoutMs};
  set idle_in_transaction_session_timeout = ${idleTransactionTimeoutMs};
  set timezone = 'UTC';
  set datestyle = 'ISO';
  set search_path = public;
  set random_page_cost = 1.1;
  set default_transaction_isolation = 'read committed';
  select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'`;

/** Opens a pool of connections to a PostgreSQL server. Fails at once where the server can't be reached. */
export async function openPostgresql(
  settings: Pick<Config, 'databasePoolSize'> & { readonly databaseUrl: string },
  log: Logger,
): Promise<Database> {
  const pool = createPool(settings);
  // The error itself holds the whole client, with its server and its keys.
  pool.on('error', (error) => {
    log.warn({ code: 'code' in error ? error.code : null }, 'an idle database connection was lost');
  });
  const database = new PostgresqlDatabase(pool);
  try {
    await database.query('select 1');
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

function createPool(settings: Pick<Config, 'databasePoolSize'> & { readonly databaseUrl: string }): Pool {
  return new Pool({
    connectionString: settings.databaseUrl,
    application_name: 'divest',
    max: settings.databasePoolSize,
    connectionTimeoutMillis: acquireTimeoutMs,
    idleTimeoutMillis: idleConnectionTimeoutMs,
    Client: createClientClass(answerTimeoutMs),
    keepAlive: true,
    // Awaited by the pool, although its type doesn't say so.
    onConnect: (client) => client.query(sessionSettings) as unknown as undefined,
  });
}

class PostgresqlDatabase implements Database {
  readonly kind = 'postgresql';
  readonly #pool: Pool;
  #prisma: PrismaClient | null = null;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  get prisma(): PrismaClient {
    this.#prisma ??= new PrismaClient({ adapter: new PrismaPg(this.#pool) });
    return this.#prisma;
  }

  // The pool closes a connection on which a statement failed, so that none is used again in a state nobody knows.
  query<Row>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    const name = nameOf(sql);
    return runOn<Row>(this.#pool, { text: sql, ...(name !== undefined && { name }) }, parameters);
  }

  transaction<T>(work: (queries: Queries) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const { statementTimeoutMs: timeout } = options;
    const clientTimeout = timeout === undefined ? answerTimeoutMs : timeout + 1_000;
    return this.#withClient(async (client) => {
      await client.query(timeout === undefined ? 'begin' : beginWith(timeout));
      try {
        const result = await work(queriesOn(client, clientTimeout));
        await commit(client, clientTimeout);
        return result;
      } catch (error) {
        await client.query(withTimeout('rollback', rollbackTimeoutMs)).catch(() => {});
        throw error;
      }
    });
  }

  withConnection<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#withClient(async (client) => {
      await client.query(
        'set statement_timeout = 0; set lock_timeout = 0; set idle_in_transaction_session_timeout = 0',
      );
      const runScript = async (sql: string) => {
        await client.query(withTimeout(sql, never));
      };
      return work({ ...queriesOn(client, never), runScript });
    }, 'close');
  }

  // A connection that fails while it is held tells it by an event too, which would end the process if nobody listened.
  async #withClient<T>(work: (client: PoolClient) => Promise<T>, afterwards: 'reuse' | 'close' = 'reuse'): Promise<T> {
    const client = await this.#pool.connect();
    const ignore = () => {};
    client.on('error', ignore);
    let close = true;
    try {
      const result = await work(client);
      close = afterwards === 'close';
      return result;
    } finally {
      client.off('error', ignore);
      client.release(close);
    }
  }

  poolState() {
    return { open: this.#pool.totalCount, idle: this.#pool.idleCount, waiting: this.#pool.waitingCount };
  }

  async close(): Promise<void> {
    await this.#prisma?.$disconnect();
    if (!this.#pool.ending) {
      await this.#pool.end();
    }
  }
}

const beginWith = (timeoutMs: number) => {
  const milliseconds = Math.trunc(timeoutMs);
  return `begin;
    set local statement_timeout = ${milliseconds};
    set local idle_in_transaction_session_timeout = ${milliseconds}`;
};

// A transaction in which a statement failed is rolled back by COMMIT, which doesn't call that an error.
async function commit(client: PoolClient, timeoutMs: number): Promise<void> {
  const { command } = await client.query(withTimeout('commit', timeoutMs));
  if (command !== 'COMMIT') {
    throw new Error('The transaction was rolled back, because a statement in it had failed.');
  }
}

const names = new Map<string, string>();
// More than this program has, so that nothing can fill the server's memory with statements.
const mostNames = 500;

/**
 * The name under which each connection has the server keep a statement of requests: it is read and planned once, and not
 * for every request. Statements of transactions are few and long, and keep none.
 */
function nameOf(sql: string): string | undefined {
  let name = names.get(sql);
  if (name === undefined && names.size < mostNames) {
    name = `divest_${createHash('sha256').update(sql).digest('hex').slice(0, 32)}`;
    names.set(sql, name);
  }
  return name;
}

const queriesOn = (client: PoolClient, timeoutMs: number): Queries => ({
  query: <Row>(sql: string, parameters: readonly unknown[] = []) =>
    runOn<Row>(client, withTimeout(sql, timeoutMs), parameters),
});

async function runOn<Row>(
  client: Pick<PoolClient, 'query'>,
  query: QueryConfig,
  parameters: readonly unknown[],
): Promise<Row[]> {
  const { rows } = await client.query({ ...query, values: [...parameters], types: ourTypes });
  return rows as Row[];
}

const ourTypes: CustomTypesConfig = { getTypeParser: (type: number) => parserOf(type) };

// The driver knows a timeout of a single query; its types don't.
const withTimeout = (text: string, timeoutMs: number): QueryConfig & { readonly query_timeout: number } => ({
  text,
  query_timeout: timeoutMs,
});
