import DataLoader from 'dataloader';
import type { Queries } from '../database/database.js';

/** More wait for the next one. */
const mostAtOnce = 200;
/** How long questions wait for the answer to others at most. Milliseconds. */
const longestWaitMs = 10;

/**
 * Looks credentials up, those of all requests that came while others were being looked up by one statement. Under load a
 * request then costs a small part of a statement, and alone it waits for nobody. It isn't a cache: the database is
 * asked after the question, so that what was revoked is refused at the next request.
 *
 * `loadMany` answers in the order of the keys. Where it fails, all who asked are told.
 */
export function createLookup<Key, Found>(
  loadMany: (keys: readonly Key[]) => Promise<readonly Found[]>,
): (key: Key) => Promise<Found> {
  let underWay = 0;
  let next: (() => void) | null = null;
  const sendNext = () => {
    const send = next;
    next = null;
    send?.();
  };
  const loader = new DataLoader<Key, Found>(
    async (keys) => {
      underWay += 1;
      try {
        return [...(await loadMany(keys))];
      } finally {
        underWay -= 1;
        sendNext();
      }
    },
    {
      cache: false,
      maxBatchSize: mostAtOnce,
      batchScheduleFn(send) {
        if (underWay === 0) {
          process.nextTick(send);
          return;
        }
        const sendOnce = () => {
          clearTimeout(timer);
          next = next === sendOnce ? null : next;
          send();
        };
        // Behind a database that stalls, nobody waits for somebody else.
        const timer = setTimeout(sendOnce, longestWaitMs);
        next = sendOnce;
      },
    },
  );
  return (key) => loader.load(key);
}

/**
 * {@link createLookup} of rows: `sql` joins `asked`, in which each question is a row of JSON with its `place`, and returns
 * one row at most for each place. Resolves to null where there is none.
 */
export function createRowLookup<Question extends object, Row extends object>(
  queries: Queries,
  sql: string,
): (question: Question) => Promise<Row | null> {
  return createLookup(async (questions: readonly Question[]) => {
    const asked = questions.map((question, place) => ({ ...question, place }));
    const rows = await queries.query<Row & { readonly place: number }>(sql, [JSON.stringify(asked)]);
    const byPlace = new Map(rows.map((row) => [row.place, row]));
    return questions.map((_, place) => byPlace.get(place) ?? null);
  });
}
