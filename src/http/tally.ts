/** Counts of flows, and their sum. A flow with none takes no room. */
export class Tally {
  readonly #counts = new Map<string, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** Flows that have any. */
  get flows(): number {
    return this.#counts.size;
  }

  of(flow: string): number {
    return this.#counts.get(flow) ?? 0;
  }

  add(flow: string, change: 1 | -1): void {
    const count = this.of(flow) + change;
    this.#total += change;
    if (count > 0) {
      this.#counts.set(flow, count);
    } else {
      this.#counts.delete(flow);
    }
  }
}
