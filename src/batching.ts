import DataLoader from 'dataloader';

/**
 * Gathers what the fields of one request ask for, so that a list costs one statement and not one for each of its rows.
 * Remembers nothing: the second mutation of a document sees what the first one changed.
 */
export class Batches {
  readonly #loaders = new Map<string, DataLoader<never, unknown>>();

  /**
   * The value for `key`. All keys that are asked for under the same `name` at the same depth go to `loadMany` together,
   * each once; it answers in the order of the keys. So `name` must tell apart whatever makes `loadMany` differ.
   */
  load<Value>(name: string, key: string, loadMany: (keys: readonly string[]) => Promise<readonly Value[]>) {
    let loader = this.#loaders.get(name) as DataLoader<string, Value> | undefined;
    if (!loader) {
      loader = new DataLoader<string, Value>((keys) => loadEach(keys, loadMany), { cache: false });
      this.#loaders.set(name, loader as DataLoader<never, unknown>);
    }
    return loader.load(key);
  }
}

// Without its cache, DataLoader passes on a key as often as it was asked for.
async function loadEach<Value>(
  keys: readonly string[],
  loadMany: (keys: readonly string[]) => Promise<readonly Value[]>,
): Promise<Value[]> {
  const unique = [...new Set(keys)];
  const values = await loadMany(unique);
  const byKey = new Map(unique.map((key, index) => [key, values[index] as Value]));
  return keys.map((key) => byKey.get(key) as Value);
}
