/** What a worker tells the process that started it. */
export type FromWorker =
  /** It takes requests; `announcement` is what a person who starts a gateway is told. */
  | { readonly type: 'divest:listening'; readonly announcement: string }
  /** It wants the metrics of all workers, to answer a request for them. */
  | { readonly type: 'divest:metrics'; readonly request: number };

/** What a worker is told. */
export type ToWorker =
  | { readonly type: 'divest:stop' }
  /** The metrics that it asked for; null where they can't be had. */
  | { readonly type: 'divest:metrics'; readonly request: number; readonly text: string | null };

/** By this variable a worker knows that it is one: other programs start processes in the same way. */
export const workerVariable = 'DIVEST_WORKER';
