import type { IncomingMessage } from 'node:http';
import { maxBodyBytes } from './limits.js';

const longestMs = 2_000;
const sweepMs = 500;

/** The requests whose bodies are still coming. */
export interface Uploads {
  /**
   * Calls `then` once the body is there: at once where there is none, or where the request can be refused without it; never
   * where the request ends before.
   */
  whenThere(request: IncomingMessage, then: () => void): void;
  /** The request is over. */
  delete(request: IncomingMessage): void;
  /** Stops watching. */
  stop(): void;
}

export interface UploadsParts {
  /** How many bodies may be on their way. */
  readonly most: number;
  readonly onCut: () => void;
}

/**
 * Waits for bodies, so that one that never ends takes no place from a request that could be answered: it costs its sender a
 * connection, and the gateway no more than that. Beyond the bound whoever began first is cut off, and from a quarter
 * of it on whoever takes longer than two seconds, also for what of a long body was left when the request began.
 */
export function watchUploads({ most, onCut }: UploadsParts): Uploads {
  const began = new Map<IncomingMessage, number>();
  const cutWhile = (isTooMuch: (since: number) => boolean) => {
    for (const [request, since] of began) {
      if (!isTooMuch(since)) {
        return;
      }
      began.delete(request);
      if (!isWhole(request)) {
        onCut();
        request.destroy();
      }
    }
  };
  const cutSlow = () => {
    const tooOld = performance.now() - longestMs;
    cutWhile((since) => since <= tooOld && began.size >= most / 4);
  };
  const timer = setInterval(cutSlow, sweepMs).unref();
  return {
    whenThere(request, then) {
      if (!isAwaited(request)) {
        then();
        return;
      }
      // Most bodies come with their headers, and are there when these have been told of.
      process.nextTick(() => {
        if (isWhole(request)) {
          then();
        } else if (!request.destroyed) {
          began.set(request, performance.now());
          cutWhile(() => began.size > most);
          waitFor(request, () => {
            if (isWhole(request)) {
              began.delete(request);
            }
            then();
          });
        }
      });
    },
    delete: (request) => began.delete(request),
    stop: () => clearInterval(timer),
  };
}

/** Whether there is a body to come which somebody would read: not one that is refused for its length. */
const isAwaited = ({ method, headers }: IncomingMessage) =>
  method === 'POST' &&
  (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) <= maxBodyBytes);

/** Whether all of a body has come. Node says so a little later than it could be known by the length. */
const isWhole = (request: IncomingMessage) =>
  request.complete || request.readableLength === Number(request.headers['content-length']);

/** Calls `then` once all of it has come, or as much as does while nobody reads it. */
function waitFor(request: IncomingMessage, then: () => void): void {
  const look = () => {
    if (isWhole(request) || request.readableLength >= request.readableHighWaterMark) {
      request.off('readable', look);
      then();
    }
  };
  request.on('readable', look);
  look();
}
