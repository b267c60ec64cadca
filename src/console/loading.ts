import { useCallback, useEffect, useState } from 'preact/hooks';
import { isAbort } from './client.js';
import type { Connection } from './directory.js';

/** Something that is asked for, and what has come of it so far. */
export interface Loaded<Data> {
  /** The newest answer; it stays while a newer one is awaited, so that nothing jumps. */
  readonly data: Data | null;
  readonly failure: Error | null;
  readonly isLoading: boolean;
  reload(): void;
}

/** Asks whenever `load` is another function (give it by useCallback). An answer that was overtaken is dropped. */
export function useLoaded<Data>(load: (signal: AbortSignal) => Promise<Data>): Loaded<Data> {
  const [state, setState] = useState<Omit<Loaded<Data>, 'reload'>>({ data: null, failure: null, isLoading: true });
  const [round, setRound] = useState(0);
  // Another round asks the same again.
  useEffect(() => {
    const abort = new AbortController();
    setState(({ data }) => ({ data, failure: null, isLoading: true }));
    load(abort.signal).then(
      (data) => abort.signal.aborted || setState({ data, failure: null, isLoading: false }),
      (error) => isAbort(error) || setState(({ data }) => ({ data, failure: error, isLoading: false })),
    );
    return () => abort.abort();
  }, [load, round]);
  const reload = useCallback(() => setRound((count) => count + 1), []);
  return { ...state, reload };
}

/** A list of which more can be had. */
export interface Pages<Edge> {
  readonly edges: readonly Edge[];
  readonly totalCount: number;
  readonly hasMore: boolean;
  readonly failure: Error | null;
  readonly isLoading: boolean;
  more(): void;
}

/** Goes on from the first page of a list. Another first page starts it again. */
export function usePages<Edge>(
  first: Connection<Edge>,
  load: (after: string | null) => Promise<Connection<Edge>>,
): Pages<Edge> {
  const start = { first, last: first, edges: first.edges, failure: null as Error | null, isLoading: false };
  const [kept, setKept] = useState(start);
  const current = kept.first === first ? kept : start;
  const more = async () => {
    setKept({ ...current, failure: null, isLoading: true });
    const next = await load(current.last.pageInfo.endCursor).then(
      (last) => ({ ...start, last, edges: [...current.edges, ...last.edges] }),
      (failure: Error) => ({ ...current, failure, isLoading: false }),
    );
    setKept((now) => (now.first === first ? next : now));
  };
  const { edges, failure, isLoading, last } = current;
  return { edges, failure, isLoading, totalCount: last.totalCount, hasMore: last.pageInfo.hasNextPage, more };
}
