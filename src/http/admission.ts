import { FairQueue } from './fair-queue.js';
import { strangers } from './flows.js';
import { Tally } from './tally.js';
import { Turns } from './turns.js';

/** So many may always be under way, where nobody shares the gateway: they wait for a database most of the time. */
const alwaysRunning = 64;
/** After how long a request that is still waiting is refused: it would hardly be answered in time. */
const longestWaitMs = 1_500;
const sweepMs = 50;
/** How long the gateway counts as shared after the request of another organization than that of the one before. */
const sharedMs = 60_000;

/** Why a request is refused. */
export const refusalReasons = ['IN_FLIGHT', 'SHARE', 'EVENT_LOOP', 'WAITED', 'SLOW_BODY'] as const;
export type RefusalReason = (typeof refusalReasons)[number];

/** One request, as far as admission goes. */
export interface Candidate {
  /** The organization whose it is, or a flow of strangers. Flows share the gateway equally. */
  readonly flow: string;
  /** Whether it is the first on its connection. */
  readonly isFirst: boolean;
  /** Begins it. */
  start(): void;
  refuse(reason: RefusalReason): void;
}

/** A request that was let in, or waits to be. */
export interface Stay {
  /** It is over, whatever became of it. */
  leave(): void;
  /** Until what it returns is called, the request waits for another system, and takes nothing from the others here. */
  stepAside(): () => void;
}

export interface AdmissionParts {
  readonly maxInFlight: number;
  /** Connections to the database. */
  readonly poolSize: number;
  /** Whether the process is so late that no organization may have more waiting than a few. */
  readonly isLate: () => boolean;
}

interface Entry {
  readonly candidate: Candidate;
  readonly since: number;
  isRunning: boolean;
}

const isStranger = (flow: string) => flow === strangers.nobody || flow === strangers.unknown;

const nothing = () => {};
const noStay: Stay = { leave: nothing, stepAside: () => nothing };

/**
 * Decides when a request begins, and whether. What is begun is kept to what can be worked on: a few requests in each turn
 * of the event loop; and where organizations share the gateway, what keeps the database's connections busy, beyond which
 * only those begin whose organization has few under way. The rest waits, in a line for each flow, at the price of
 * its socket. Where `maxInFlight` have begun or wait, and for a flow that has its share of them when half of them are
 * taken, a request is refused at once.
 */
export class Admission {
  readonly #parts: AdmissionParts;
  readonly #queue = new FairQueue<Entry>();
  /** Requests of each flow that have begun or wait, and those of them that have begun. */
  readonly #held = new Tally();
  readonly #running = new Tally();
  /** Those of the latter that wait for another system. */
  readonly #aside = new Tally();
  readonly #turns = new Turns(() => this.#startWaiting());
  #lastOrganization = '';
  #sharedUntil = 0;
  #sweep: NodeJS.Timeout | null = null;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** Requests that have begun, and that wait to. */
  state() {
    return { running: this.#running.total, waiting: this.#queue.size };
  }

  /** Begins or refuses it, now or within two seconds. It must be told when it is over. */
  enter(candidate: Candidate): Stay {
    const { flow } = candidate;
    this.#see(candidate);
    const mayStart = !this.#queue.has(flow) && this.#canStart(flow);
    const refusal = this.#findRefusal(flow, mayStart);
    if (refusal) {
      candidate.refuse(refusal);
      return noStay;
    }
    const entry = { candidate, since: performance.now(), isRunning: false };
    this.#held.add(flow, 1);
    if (mayStart) {
      this.#start(entry);
    } else {
      this.#queue.add(flow, entry);
      this.#sweep ??= setTimeout(this.#refuseLate, sweepMs);
    }
    return this.#createStay(entry);
  }

  #findRefusal(flow: string, mayStart: boolean): RefusalReason | null {
    const { maxInFlight, isLate } = this.#parts;
    const [own, total] = [this.#held.of(flow), this.#held.total];
    if (total >= maxInFlight) {
      return 'IN_FLIGHT';
    }
    const flows = this.#held.flows + (own === 0 ? 1 : 0);
    // One part is left for whoever comes next.
    if (total >= maxInFlight / 2 && own >= maxInFlight / (flows + 1)) {
      return 'SHARE';
    }
    return !mayStart && own >= alwaysRunning / flows && isLate() ? 'EVENT_LOOP' : null;
  }

  readonly #canStart = (flow: string): boolean => {
    const isShared = performance.now() < this.#sharedUntil;
    const always = isShared ? this.#parts.poolSize : alwaysRunning;
    return this.#turns.allowStart(this.#running.total, always) && !(isShared && this.#isBusyWith(flow));
  };

  // Half as many as there are connections to the database, besides, since each of them is elsewhere for a part of its time.
  // How many of the connections are busy just now wouldn't tell: what began in one turn asks for them in a later one.
  #isBusyWith(flow: string): boolean {
    const { poolSize } = this.#parts;
    const working = this.#running.total - this.#aside.total;
    const own = this.#running.of(flow) - this.#aside.of(flow);
    return working >= 1.5 * poolSize && own >= poolSize / 2;
  }

  #see({ flow: organization, isFirst }: Candidate): void {
    if (isFirst) {
      this.#turns.seeConnection();
    }
    if (!isStranger(organization) && organization !== this.#lastOrganization) {
      this.#sharedUntil = this.#lastOrganization === '' ? 0 : performance.now() + sharedMs;
      this.#lastOrganization = organization;
    }
  }

  #start(entry: Entry): void {
    this.#turns.countStart();
    entry.isRunning = true;
    this.#running.add(entry.candidate.flow, 1);
    entry.candidate.start();
  }

  #startWaiting(): void {
    for (let next = this.#queue.take(this.#canStart); next; next = this.#queue.take(this.#canStart)) {
      this.#start(next);
    }
  }

  readonly #refuseLate = () => {
    const tooOld = performance.now() - longestWaitMs;
    for (const [flow, entry] of [...this.#queue]) {
      if (entry.since < tooOld && this.#queue.delete(flow, entry)) {
        entry.candidate.refuse('WAITED');
      }
    }
    this.#startWaiting();
    this.#sweep = this.#queue.size > 0 ? setTimeout(this.#refuseLate, sweepMs) : null;
  };

  #createStay(entry: Entry): Stay {
    const { flow } = entry.candidate;
    let isOver = false;
    let isAside = false;
    const comeBack = () => {
      if (isAside) {
        isAside = false;
        this.#aside.add(flow, -1);
      }
    };
    return {
      leave: () => {
        if (!isOver) {
          isOver = true;
          comeBack();
          this.#held.add(flow, -1);
          if (entry.isRunning) {
            this.#running.add(flow, -1);
          }
          this.#queue.delete(flow, entry);
          this.#startWaiting();
        }
      },
      stepAside: () => {
        if (!isOver && !isAside) {
          isAside = true;
          this.#aside.add(flow, 1);
          this.#startWaiting();
        }
        return comeBack;
      },
    };
  }
}
