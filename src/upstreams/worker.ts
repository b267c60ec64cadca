import type { Logger } from 'pino';
import type { Queries } from '../database/database.js';
import { type ClaimedCall, claimCalls, makeCall } from './calls.js';
import type { Upstreams } from './connector.js';

/** Attempts that this worker has under way at one upstream at most: fewer than its connections, the rest is for callers. */
const placesPerUpstream = 6;
/** How often it looks for calls whose time has come. */
const pollMs = 1_000;

export interface WorkerParts {
  readonly queries: Queries;
  readonly upstreams: Pick<Upstreams, 'all' | 'find'>;
  readonly log: Logger;
  /** Told of every call that was settled. */
  readonly onSettled: (settled: SettledByWorker) => void;
}

/** What the worker tells of a call that it settled, or tried in vain. */
export interface SettledByWorker {
  readonly organizationId: string;
  /** The revocation or grant, as a row of its table. */
  readonly record: Readonly<Record<string, unknown>>;
}

/** Settles what is PENDING: calls that lost their gateway, whose outcome isn't known, or that nobody waits for. */
export interface Worker {
  /** There is something to do now. */
  wake(): void;
  /** Begins nothing more, and waits for what is under way. */
  close(): Promise<void>;
}

/**
 * Starts a worker. Every gateway has one, and they share the work: each call is claimed in the database by one of them
 * at a time. At least once: a call whose worker is gone is made again. Without upstreams there is nothing to do.
 */
export function createWorker(parts: WorkerParts): Worker {
  return parts.upstreams.all().length > 0 ? new PollingWorker(parts) : { wake: () => {}, close: async () => {} };
}

class PollingWorker implements Worker {
  readonly #parts: WorkerParts;
  readonly #underWay = new Map<string, number>();
  readonly #running = new Set<Promise<void>>();
  readonly #loop: Promise<void>;
  #isClosed = false;
  #isAwake = true;
  #wakeUp: () => void = () => {};

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#loop = this.#run();
  }

  wake(): void {
    this.#isAwake = true;
    this.#wakeUp();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wakeUp();
    await this.#loop;
    await Promise.all(this.#running);
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      this.#isAwake = false;
      const begun = await this.#begin();
      if (begun === 0 && !this.#isAwake && !this.#isClosed) {
        await this.#sleep();
      }
    }
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, pollMs);
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Begins as many attempts as there are places and calls for; their number. */
  async #begin(): Promise<number> {
    const { queries, log } = this.#parts;
    const free = this.#freePlaces();
    try {
      const calls = free.length > 0 ? await claimCalls(queries, free) : [];
      for (const call of calls) {
        this.#start(call);
      }
      return calls.length;
    } catch (err) {
      log.warn({ err }, 'the worker cannot read the calls that are due');
      return 0;
    }
  }

  #freePlaces() {
    const all = this.#parts.upstreams.all().map(({ organizationId, connector: { system } }) => ({
      ...{
        organizationId,
        system,
        places: placesPerUpstream - (this.#underWay.get(`${organizationId} ${system}`) ?? 0),
      },
    }));
    return all.filter(({ places }) => places > 0);
  }

  #start(call: ClaimedCall): void {
    const upstream = `${call.organizationId} ${call.system}`;
    const count = (change: 1 | -1) => this.#underWay.set(upstream, (this.#underWay.get(upstream) ?? 0) + change);
    count(1);
    const running = this.#make(call).finally(() => {
      count(-1);
      this.#running.delete(running);
      this.wake();
    });
    this.#running.add(running);
  }

  async #make(call: ClaimedCall): Promise<void> {
    const { queries, upstreams, log, onSettled } = this.#parts;
    const connector = upstreams.find(call.organizationId, call.system);
    if (!connector) {
      return;
    }
    try {
      const { record } = await makeCall(queries, connector, call, { isAwaited: false });
      onSettled({ organizationId: call.organizationId, record });
    } catch (err) {
      log.warn({ traceId: call.traceId, record: call.id, err }, 'an upstream call could not be settled yet');
    }
  }
}
