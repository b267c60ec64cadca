import type { ExecutionResult } from 'graphql';
import { noConditionalSubscriptions } from './conditional-subscriptions.js';
import { acceptsEvents, acceptsResults } from './limits.js';
import type { HttpPlugin } from './plugin.js';
import { reject } from './rejections.js';

/**
 * Subscriptions, and nothing else, are answered by server-sent events (GraphQL over SSE, distinct connections). A caller
 * who doesn't take its answer is turned away before anything is begun or carried out. Caches keep nothing of a stream,
 * and proxies hold nothing back.
 */
export function useEventStreams(): HttpPlugin {
  return {
    onValidate({ addValidationRule }) {
      addValidationRule(noConditionalSubscriptions);
    },
    onExecute({ context, setResultAndStopExecution }) {
      if (!acceptsResults(context.request.headers.get('accept'))) {
        setResultAndStopExecution({ errors: [reject('NOT_ACCEPTABLE', 'Only subscriptions are text/event-stream.')] });
      }
    },
    onSubscribe({ context, setResultAndStopExecution }) {
      if (!acceptsEvents(context.request.headers.get('accept'))) {
        setResultAndStopExecution({ errors: [reject('NOT_ACCEPTABLE', 'Subscriptions are text/event-stream.')] });
      }
    },
    onResponse({ response }) {
      if (isEventStream(response)) {
        response.headers.set('Cache-Control', 'no-store');
        response.headers.set('X-Accel-Buffering', 'no');
        // Yoga's is "none", which is no encoding that HTTP has.
        response.headers.delete('Content-Encoding');
      }
    },
  };
}

/** Whether a response is a stream of events. */
export const isEventStream = ({ headers }: Pick<Response, 'headers'>) =>
  headers.get('content-type') === 'text/event-stream';

type Results = Parameters<NonNullable<HttpPlugin['onResultProcess']>>[0]['result'];

/** The result of an operation, or each of those of a stream as it comes, changed by `change`. */
export function mapResults(results: Results, change: (result: ExecutionResult) => ExecutionResult): Results {
  if (!(Symbol.asyncIterator in results)) {
    return Array.isArray(results) ? results : change(results as ExecutionResult);
  }
  const iterator = (results as AsyncIterable<ExecutionResult>)[Symbol.asyncIterator]();
  const changed = async (next: Promise<IteratorResult<ExecutionResult>>) => {
    const one = await next;
    return one.done ? one : { ...one, value: change(one.value) };
  };
  const mapped: AsyncIterableIterator<ExecutionResult> = {
    next: () => changed(iterator.next()),
    // What is hung up on has no results any more.
    return: async () => (await iterator.return?.()) ?? { value: undefined, done: true },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  return mapped as Results;
}
