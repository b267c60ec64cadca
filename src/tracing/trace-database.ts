import type { Database } from '../database/database.js';
import type { PrismaClient } from '../generated/prisma/client.js';

/** Runs some work as a span of this name, which is of a closed set. */
type Trace = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** The same database, of which every call is traced; a transaction is one. */
export function traceDatabase(database: Database, trace: Trace): Database {
  let prisma: PrismaClient | null = null;
  return {
    kind: database.kind,
    get prisma() {
      prisma ??= tracePrisma(database.prisma, trace);
      return prisma;
    },
    query: (sql, parameters) => trace(nameOf(sql), () => database.query(sql, parameters)),
    transaction: (work, options) => trace('transaction', () => database.transaction(work, options)),
    withConnection: (work) => database.withConnection(work),
    poolState: () => database.poolState(),
    close: () => database.close(),
  };
}

// The extended client has no more and no less than the client, and yet another type.
const tracePrisma = (client: PrismaClient, trace: Trace) =>
  client.$extends({
    query: {
      $allOperations: ({ model, operation, args, query }) =>
        trace(model === undefined ? operation : `${model}.${operation}`, () => query(args)),
    },
  }) as unknown as PrismaClient;

const ourFunction = /^\s*select (?:\* from )?([a-z_]+)\(\$1/;
const names = new Map<string, string>();
const mostNames = 500;

/** The function that a statement calls, or what kind of statement it is. */
function nameOf(sql: string): string {
  const known = names.get(sql);
  if (known !== undefined) {
    return known;
  }
  const name = ourFunction.exec(sql)?.[1] ?? /^\s*([a-z]+)/i.exec(sql)?.[1]?.toLowerCase() ?? 'statement';
  if (names.size < mostNames) {
    names.set(sql, name);
  }
  return name;
}
