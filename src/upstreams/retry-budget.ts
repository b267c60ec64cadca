/** A retry costs as much as ten calls earn. */
const cost = 10;
/** What a gateway that has just started may use, and the most that can be saved up. */
const [initial, most] = [3 * cost, 10 * cost];

/**
 * How many retries an upstream may still get: 10 % of the calls. Without it, an upstream that is in trouble would get
 * several times its usual load just then.
 */
export class RetryBudget {
  #earned = initial;

  /** Counts a call. */
  earn(): void {
    this.#earned = Math.min(most, this.#earned + 1);
  }

  /** Takes a retry; false where none is left. */
  spend(): boolean {
    if (this.#earned < cost) {
      return false;
    }
    this.#earned -= cost;
    return true;
  }
}
