import { AsyncLocalStorage } from 'node:async_hooks';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite, type PGliteOptions, type Results, type Transaction } from '@electric-sql/pglite';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import type { Config } from '../config.js';
import { PrismaClient } from '../generated/prisma/client.js';
import type { Connection, Database, Queries } from './database.js';
import { lockDirectory } from './embedded-lock.js';
import { parserOf } from './values.js';

/**
 * Opens the embedded database in the data directory, and makes it where there is none. Throws where another process
 * has it open. It has one connection, which everything shares and waits for, and on it nothing times out.
 */
export async function openEmbedded({ dataDir }: Pick<Config, 'dataDir'>): Promise<Database> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const folder = join(dataDir, 'database');
  const unlock = lockDirectory(folder);
  try {
    return new EmbeddedDatabase(await startIn(folder), unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

// A process that is killed while it makes the database leaves part of one, which would never start. It is told by a
// marker, which is taken away when the database is complete; before that, nothing can have been stored in it.
async function startIn(folder: string): Promise<QueuedPGlite> {
  const marker = `${folder}.incomplete`;
  if (existsSync(marker)) {
    rmSync(folder, { recursive: true, force: true });
  } else if (!existsSync(folder)) {
    writeFileSync(marker, '');
  }
  const engine = await startEngine({ dataDir: folder });
  rmSync(marker, { force: true });
  return engine;
}

/** Starts the engine of an embedded database. */
export async function startEngine(options: PGliteOptions): Promise<QueuedPGlite> {
  const engine = new QueuedPGlite(options);
  await engine.waitReady;
  return engine;
}

/**
 * The engine, which does one thing at a time, and knows how much is waiting for it. Inside a transaction the engine
 * itself would wait for ever for the transaction to end: it refuses instead.
 */
export class QueuedPGlite extends PGlite {
  readonly #inside = new AsyncLocalStorage<true>();
  #queued = 0;

  get queued(): number {
    return this.#queued;
  }

  override query<T>(...parameters: Parameters<PGlite['query']>): Promise<Results<T>> {
    return this.#enqueue(() => super.query<T>(...parameters));
  }

  override exec(...parameters: Parameters<PGlite['exec']>): Promise<Results[]> {
    return this.#enqueue(() => super.exec(...parameters));
  }

  override transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    // Awaited in there: Prisma's queries begin when they are awaited.
    const inside = (transaction: Transaction) => this.#inside.run(true, async () => await work(transaction));
    return this.#enqueue(() => super.transaction(inside));
  }

  async #enqueue<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inside.getStore()) {
      throw new Error('Inside a transaction, only the queries that it was given can be used.');
    }
    this.#queued += 1;
    try {
      return await work();
    } finally {
      this.#queued -= 1;
    }
  }
}

/** A database on an engine that was started. `release` is called when it is closed. */
export class EmbeddedDatabase implements Database {
  readonly kind = 'embedded';
  readonly #engine: QueuedPGlite;
  readonly #release: () => void;
  #prisma: PrismaClient | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(engine: QueuedPGlite, release: () => void = () => {}) {
    this.#engine = engine;
    this.#release = release;
  }

  get prisma(): PrismaClient {
    this.#prisma ??= new PrismaClient({ adapter: new PrismaPGlite(this.#engine) });
    return this.#prisma;
  }

  query<Row>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return runOn<Row>(this.#engine, this.#engine, sql, parameters);
  }

  transaction<T>(work: (queries: Queries) => Promise<T>): Promise<T> {
    return this.#engine.transaction((transaction) =>
      work({ query: (sql, parameters = []) => runOn(transaction, this.#engine, sql, parameters) }),
    );
  }

  // There is one connection only: who wants one of its own waits until it was given back.
  withConnection<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const runScript = async (sql: string) => {
      await this.#engine.exec(sql);
    };
    const run = async () => {
      try {
        return await work({ query: (sql, parameters) => this.query(sql, parameters), runScript });
      } finally {
        await this.#engine.refreshArrayTypes();
      }
    };
    const result = this.#turn.then(run);
    this.#turn = result.catch(() => {});
    return result;
  }

  poolState() {
    const { queued } = this.#engine;
    return { open: 1, idle: queued === 0 ? 1 : 0, waiting: Math.max(0, queued - 1) };
  }

  async close(): Promise<void> {
    await this.#prisma?.$disconnect();
    if (!this.#engine.closed) {
      await this.#engine.close();
      this.#release();
    }
  }
}

// The driver's own parsers are put out of action, so that values come out as they do from PostgreSQL.
async function runOn<Row>(
  where: Pick<Transaction, 'query'>,
  engine: PGlite,
  sql: string,
  parameters: readonly unknown[],
): Promise<Row[]> {
  const parsers = Object.fromEntries(Object.keys(engine.parsers).map((type) => [type, asText]));
  const { rows, fields } = await where.query<unknown[]>(sql, [...parameters], { rowMode: 'array', parsers });
  const columns = fields.map(({ name, dataTypeID }) => ({ name, parse: parserOf(dataTypeID) }));
  const toValue = (text: unknown, parse: (text: string) => unknown) => (typeof text === 'string' ? parse(text) : null);
  return rows.map(
    (row) => Object.fromEntries(columns.map(({ name, parse }, index) => [name, toValue(row[index], parse)])) as Row,
  );
}

const asText = (text: string) => text;
