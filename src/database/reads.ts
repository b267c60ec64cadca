import { Prisma } from '../generated/prisma/client.js';
import type { Queries } from './database.js';

interface Waiting {
  readonly statement: Prisma.Sql;
  readonly resolve: (rows: readonly unknown[]) => void;
  readonly reject: (error: unknown) => void;
}

const { sql, join, raw } = Prisma;

/**
 * The reads of one request. What its fields ask for at the same time goes to the database as one statement: each
 * costs a way there and back, which is more than most of them cost the database. Remembers nothing.
 */
export class Reads {
  readonly #queries: Queries;
  #waiting: Waiting[] = [];

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /** The rows of a `select`, in its order, as the database writes them in JSON: an instant is a text. */
  find<Row>(statement: Prisma.Sql): Promise<readonly Row[]> {
    return new Promise<readonly unknown[]>((resolve, reject) => {
      this.#waiting.push({ statement, resolve, reject });
      // Where DataLoader gathers the keys of a level, it asks on a tick of its own: this one comes behind all of them.
      if (this.#waiting.length === 1) {
        process.nextTick(() => void this.#send());
      }
    }) as Promise<readonly Row[]>;
  }

  async #send(): Promise<void> {
    const gathered = this.#waiting;
    this.#waiting = [];
    const { text, values } = sql`select ${join(gathered.map(({ statement }, index) => toColumn(statement, index)))}`;
    try {
      const [row = {}] = await this.#queries.query<Record<string, readonly unknown[]>>(text, values);
      gathered.forEach(({ resolve }, index) => {
        resolve(row[`rows_${index}`] ?? []);
      });
    } catch (error) {
      for (const { reject } of gathered) {
        reject(error);
      }
    }
  }
}

const toColumn = (statement: Prisma.Sql, index: number) =>
  sql`(select coalesce(json_agg(one), '[]') from (${statement}) one) as ${raw(`rows_${index}`)}`;
