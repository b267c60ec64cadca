import cluster from 'node:cluster';
import { type FromWorker, type ToWorker, workerVariable } from './messages.js';

/** Whether this process is a worker of ours, as opposed to one of a program that runs the gateway. */
export const isWorker = (env: Readonly<Record<string, string | undefined>>): boolean =>
  cluster.isWorker && env[workerVariable] === 'true';

/** Whether it is the first that its primary has started. */
export const isFirstWorker = (): boolean => cluster.worker?.id === 1;

/** Tells the primary that this worker takes requests. */
export function tellListening(announcement: string): void {
  const message: FromWorker = { type: 'divest:listening', announcement };
  process.send?.(message);
}

/**
 * Resolves when this worker is to stop: because the primary says so or is gone, or at a signal. More signals change
 * nothing: a terminal sends one to every process, and the primary knows whether that was the second.
 */
export function waitForWorkerStop(): Promise<void> {
  return new Promise((resolve) => {
    process.on('message', (message: ToWorker) => {
      if (message.type === 'divest:stop') {
        resolve();
      }
    });
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => resolve());
    }
    process.once('disconnect', () => resolve());
    // Without this, a worker ends at once, with all that is under way, where its primary is gone.
    cluster.worker?.once('disconnect', expectDisconnect);
  });
}

const expectDisconnect = () => {
  if (cluster.worker) {
    cluster.worker.exitedAfterDisconnect = true;
  }
};

/** Lets go of the primary, so that this process ends when it has nothing left to do. */
export function leavePrimary(): void {
  expectDisconnect();
  if (process.connected) {
    process.disconnect();
  }
}
