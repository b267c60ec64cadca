/** Requests that are begun in one turn of the event loop beyond those that may always be; what is under way goes on between. */
const startsPerTurn = 4;
/** Turns in a row in which nothing is begun, because connections are still being taken. */
const mostTurnsOfTaking = 16;

/**
 * Turns of the event loop, and what may be begun in one.
 *
 * In one turn, libuv takes one connection. If each turn were spent on a request, callers would pile up before the door,
 * where nobody can refuse them: so where a connection was new, the next may be too, and nothing is begun until one turn has
 * brought none. `onTurn` is called when there may be room again.
 */
export class Turns {
  readonly #onTurn: () => void;
  #started = 0;
  /** Whether connections are being taken, and in this turn too; and for how many turns already. */
  #isTaking = false;
  /** Whether more connections are coming than could be taken in a row: then a few requests are begun before the next. */
  #isCrowded = false;
  #sawConnection = false;
  #turnsOfTaking = 0;
  #next: NodeJS.Immediate | null = null;

  constructor(onTurn: () => void) {
    this.#onTurn = onTurn;
  }

  /** A connection was taken in this turn. */
  seeConnection(): void {
    this.#isTaking = true;
    this.#sawConnection = true;
    this.#next ??= setImmediate(this.#begin);
  }

  /** A request was begun in this turn. */
  countStart(): void {
    this.#started += 1;
    this.#next ??= setImmediate(this.#begin);
  }

  /** Whether one more may be begun in this turn, where so many are under way, and so many may always be. */
  allowStart(running: number, always: number): boolean {
    return !this.#isTaking && (running < (this.#isCrowded ? 0 : always) || this.#started < startsPerTurn);
  }

  readonly #begin = () => {
    this.#started = 0;
    this.#isCrowded = this.#sawConnection && this.#turnsOfTaking >= mostTurnsOfTaking;
    this.#isTaking = this.#sawConnection && !this.#isCrowded;
    this.#sawConnection = false;
    this.#turnsOfTaking = this.#isTaking ? this.#turnsOfTaking + 1 : 0;
    // Whether there are more connections, the next turn shows.
    this.#next = this.#isTaking ? setImmediate(this.#begin) : null;
    this.#onTurn();
  };
}
