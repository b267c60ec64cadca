import type { PrismaClient } from '../generated/prisma/client.js';

/** Something that runs SQL: a database, or one transaction on it. */
export interface Queries {
  /**
   * Runs one statement with positional parameters ($1, $2 …) and returns its rows. Values come out alike on every
   * database: JSON as objects, instants as Date, arrays as arrays, bigint as number, numeric as text.
   */
  query<Row>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
}

/** One connection, for work that no transaction may surround. */
export interface Connection extends Queries {
  /** Runs several statements at once, without parameters (simple protocol): all of them or none. */
  runScript(sql: string): Promise<void>;
}

/** How long the statements of a transaction may take, where they take longer than a request's. */
export interface TransactionOptions {
  readonly statementTimeoutMs?: number;
}

/** The directory's database: PostgreSQL, or the embedded one. Both run the same SQL. */
export interface Database extends Queries {
  readonly kind: 'postgresql' | 'embedded';
  /** For single entities and what they refer to. Never for a removal: its interactive transactions lose errors. */
  readonly prisma: PrismaClient;
  /**
   * Runs `work` on one connection; commits when it resolves and rolls back when it throws. Inside, only the queries
   * that `work` was given may be used: the database itself would wait for the transaction that waits for it.
   */
  transaction<T>(work: (queries: Queries) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** Runs `work` on a connection that nothing else uses, and on which nothing times out: migrations. */
  withConnection<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  /** Connections open, idle, and requests waiting for one. */
  poolState(): { readonly open: number; readonly idle: number; readonly waiting: number };
  /** Finishes what is under way and lets go of the database. */
  close(): Promise<void>;
}
