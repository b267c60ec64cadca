import cluster from 'node:cluster';
import type { Logger } from 'pino';
import { AggregatorRegistry, type Registry } from 'prom-client';
import type { FromWorker, ToWorker } from './messages.js';

/** In the primary: answers workers that ask for the metrics of all of them. */
export function answerMetrics(log: Logger): void {
  const all = new AggregatorRegistry();
  cluster.on('message', async (worker, { type, request }: FromWorker & { readonly request?: number }) => {
    if (type !== 'divest:metrics' || request === undefined) {
      return;
    }
    const text = await all.clusterMetrics().catch((err: unknown) => {
      log.warn({ err }, 'a worker did not tell its metrics');
      return null;
    });
    const answer: ToWorker = { type, request, text };
    // Whoever asked may have ended meanwhile.
    worker.process.send?.(answer, () => {});
  });
}

/** After how long a primary that says nothing is not waited for any more: longer than prom-client waits for workers. */
const answerTimeoutMs = 10_000;

/**
 * In a worker: lets the primary have what these registries count, and returns how to get what those of all workers do,
 * in one. Those who ask at once share an answer. Rejects where one of them doesn't answer.
 */
export function shareMetrics(registries: Registry[]): () => Promise<string> {
  AggregatorRegistry.setRegistries(registries);
  // It is this one that answers the primary.
  new AggregatorRegistry();
  let request = 0;
  let asked: Promise<string> | null = null;
  const ask = () =>
    new Promise<string>((resolve, reject) => {
      const own = ++request;
      const end = (text: string | null) => {
        clearTimeout(timer);
        process.off('message', onMessage);
        asked = null;
        text === null ? reject(new Error('A worker did not tell its metrics.')) : resolve(text);
      };
      const timer = setTimeout(end, answerTimeoutMs, null);
      const onMessage = (message: ToWorker) => {
        if (message.type === 'divest:metrics' && message.request === own) {
          end(message.text);
        }
      };
      process.on('message', onMessage);
      const question: FromWorker = { type: 'divest:metrics', request: own };
      process.send?.(question);
    });
  return () => {
    asked ??= ask();
    return asked;
  };
}
