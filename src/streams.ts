import { InternalError, RateLimitedError } from './errors.js';

/** Streams that one caller may have open at one gateway. */
const mostPerCaller = 20;
const retryAfterSeconds = 5;

/** One stream that is open to a caller. */
export interface OpenStream {
  /** Aborted when it must end: with an AccessError as its reason where the caller is to be told why. */
  readonly signal: AbortSignal;
  /** Ends it, if it hasn't ended. */
  close(): void;
}

/** The streams of events that are open. Each has a socket, and asks the database now and then. */
export interface Streams {
  /**
   * Opens one; it ends by itself when `hangUp` is aborted. `caller` tells callers apart. Throws RateLimitedError where
   * it has too many, and InternalError where the gateway is stopping.
   */
  open(caller: string, hangUp: AbortSignal): OpenStream;
  count(): number;
  /** Ends all, and lets none begin. */
  stop(): void;
}

export function createStreams(): Streams {
  const open = new Map<AbortController, string>();
  let isStopping = false;
  const countOf = (caller: string) => [...open.values()].filter((one) => one === caller).length;
  return {
    open(caller, hangUp) {
      if (isStopping || hangUp.aborted) {
        throw new InternalError('UNAVAILABLE');
      }
      if (countOf(caller) >= mostPerCaller) {
        throw new RateLimitedError(
          retryAfterSeconds,
          `${mostPerCaller} streams of this caller are open: there is room for another when one of them ends.`,
        );
      }
      const stream = new AbortController();
      const end = () => stream.abort();
      open.set(stream, caller);
      hangUp.addEventListener('abort', end);
      stream.signal.addEventListener('abort', () => {
        open.delete(stream);
        hangUp.removeEventListener('abort', end);
      });
      return { signal: stream.signal, close: end };
    },
    count: () => open.size,
    stop() {
      isStopping = true;
      for (const stream of [...open.keys()]) {
        stream.abort(new InternalError('UNAVAILABLE'));
      }
    },
  };
}
