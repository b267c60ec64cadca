import { setTimeout as sleep } from 'node:timers/promises';
import type { Headers, Result } from '../support/gateway.js';
import type { Answer } from '../support/removals.js';
import { type Connection, openConnection, type Reply } from './connection.js';
import type { PlannedRemoval } from './directory.js';

/** One removal that was asked for, and what came of it. */
export interface Attempt {
  readonly removal: PlannedRemoval;
  /** When it was sent and how long the answer took: milliseconds, on the clock of `performance.now()`. */
  readonly sentAt: number;
  readonly ms: number;
  /** Null: none came, and `failure` is why. */
  readonly reply: Reply | null;
  readonly failure: string | null;
  /** The member of the union; null where there was no such answer. */
  readonly answer: Answer | null;
}

/** Removals that are asked for as fast as they are answered. */
export interface Load {
  /** Those that have come to an end, in this order. */
  readonly attempts: readonly Attempt[];
  /** Waits until something holds for what has come to an end; fails after twenty seconds. */
  until(holds: (attempts: readonly Attempt[]) => boolean, description: string): Promise<void>;
  /** Asks for nothing more, and waits for what is under way. */
  stop(): Promise<readonly Attempt[]>;
}

export interface LoadOptions {
  readonly headers: Headers;
  readonly connections: number;
}

const pauseAfterFailureMs = 50;

/** Puts a load of removals on a gateway: each connection asks for the next one as soon as it has an answer. */
export function startLoad(
  url: string,
  removals: Iterator<PlannedRemoval>,
  { headers, connections }: LoadOptions,
): Load {
  const attempts: Attempt[] = [];
  let isStopping = false;
  const work = async () => {
    const connection = openConnection(url);
    while (!isStopping) {
      const { value: removal, done } = removals.next();
      if (done) {
        throw new Error('The directory is used up: make it larger.');
      }
      const attempt = await removeOnce(connection, removal, headers);
      attempts.push(attempt);
      if (!isDone(attempt)) {
        await sleep(pauseAfterFailureMs);
      }
    }
    connection.close();
  };
  const working = Promise.all(Array.from({ length: connections }, work));
  working.catch(() => {});
  return {
    attempts,
    until: async (holds, description) => {
      const end = performance.now() + 20_000;
      while (!holds(attempts)) {
        if (performance.now() > end) {
          throw new Error(`It did not come about that ${description}: ${JSON.stringify(attempts.at(-1))}`);
        }
        await Promise.race([sleep(10), working]);
      }
    },
    stop: async () => {
      isStopping = true;
      await working;
      return attempts;
    },
  };
}

/** Asks for one removal. Never rejects. */
export async function removeOnce(connection: Connection, removal: PlannedRemoval, headers: Headers): Promise<Attempt> {
  const sentAt = performance.now();
  const body = JSON.stringify({ query: removal.document, variables: { input: removal.input } });
  try {
    const reply = await connection.send('/graphql', { 'Content-Type': 'application/json', ...headers }, body);
    const answer = (JSON.parse(reply.text) as Result).data?.[removal.field] as Answer | undefined;
    return { removal, sentAt, ms: reply.ms, reply, failure: null, answer: answer ?? null };
  } catch (error) {
    const failure = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return { removal, sentAt, ms: performance.now() - sentAt, reply: null, failure, answer: null };
  }
}

/** Whether the gateway has said that the removal is done. */
export const isDone = ({ answer }: Attempt): boolean => answer?.['applied'] === true;

/** What came of an attempt in one word: `DONE`, the code of its error, or that of the connection. */
export const toWord = (attempt: Attempt): string =>
  isDone(attempt) ? 'DONE' : String(attempt.answer?.['code'] ?? attempt.failure ?? attempt.reply?.text);
