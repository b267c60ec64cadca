import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../database/database.js';

/** Changes of the directory that began before an export have not ended for so long that it can't go on. */
class ExportError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ExportError';
  }
}

// Above the milliseconds to which instants are rounded, and any step that a server's clock is likely to be set back by.
const marginMs = 5_000;
const longestWaitMs = 60_000;
const pollMs = 100;

/**
 * The instant up to which everything that is settled can be seen, so that an export may go on from there: a record says
 * when it was settled, and is seen a moment later, when its transaction ends. Waits for the transactions that are
 * writing records just now, and keeps nobody from beginning another. Throws {@link ExportError} after a minute.
 */
export async function findHorizon(database: Database, waitMs = longestWaitMs): Promise<Date> {
  const [row] = await database.query<{ now: Date }>('select clock_timestamp() as now');
  const now = row?.now ?? new Date(0);
  if (database.kind === 'embedded') {
    // One thing at a time: nothing is under way.
    return now;
  }
  const horizon = new Date(now.getTime() - marginMs);
  const deadline = performance.now() + waitMs;
  let writing = await findWriters(database);
  while (writing.size > 0) {
    if (performance.now() > deadline) {
      throw new ExportError(
        `A change of the directory has been under way for ${Math.round(waitMs / 1000)} seconds: what was settled until ` +
          'now is not known yet. Try again later.',
      );
    }
    await sleep(pollMs);
    const still = await findWriters(database);
    writing = new Set([...writing].filter((transaction) => still.has(transaction)));
  }
  return horizon;
}

// Whoever writes a record has this lock of its table before it takes the instant, and until its transaction has ended.
async function findWriters(database: Database): Promise<Set<string>> {
  const rows = await database.query<{ transaction: string }>(
    `select distinct virtualtransaction as transaction from pg_locks
     where locktype = 'relation' and mode = 'RowExclusiveLock' and granted
       and database = (select oid from pg_database where datname = current_database())
       and relation = any (array['revocations', 'grants']::regclass[])`,
  );
  return new Set(rows.map(({ transaction }) => transaction));
}
