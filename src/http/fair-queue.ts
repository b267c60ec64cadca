/**
 * What waits, in one line for each flow. The lines are served in turn, so that a flow with a long one delays nobody but
 * itself: whoever has nothing waiting is served after one of each other flow at most.
 */
export class FairQueue<Item> {
  /** In the order of their turns. A flow without a line is not in it. */
  readonly #lines = new Map<string, Set<Item>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(flow: string): boolean {
    return this.#lines.has(flow);
  }

  add(flow: string, item: Item): void {
    const line = this.#lines.get(flow) ?? new Set();
    line.add(item);
    this.#lines.set(flow, line);
    this.#size += 1;
  }

  /** Takes the next: the first of the flow whose turn it is, of those that may. Null where none waits. */
  take(may: (flow: string) => boolean): Item | null {
    for (const [flow, line] of this.#lines) {
      const [item] = line;
      if (item !== undefined && may(flow)) {
        this.delete(flow, item);
        this.#moveBack(flow, line);
        return item;
      }
    }
    return null;
  }

  /** Takes one out, wherever it is; false where it doesn't wait any more. */
  delete(flow: string, item: Item): boolean {
    const line = this.#lines.get(flow);
    if (!line?.delete(item)) {
      return false;
    }
    this.#size -= 1;
    if (line.size === 0) {
      this.#lines.delete(flow);
    }
    return true;
  }

  /** All that waits, those of a flow in the order in which they came. */
  *[Symbol.iterator](): Generator<readonly [string, Item]> {
    for (const [flow, line] of this.#lines) {
      for (const item of line) {
        yield [flow, item];
      }
    }
  }

  #moveBack(flow: string, line: Set<Item>): void {
    if (this.#lines.delete(flow)) {
      this.#lines.set(flow, line);
    }
  }
}
