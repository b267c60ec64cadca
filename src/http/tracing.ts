import type { ServerContext } from '../context.js';
import type { Tracing } from '../tracing/tracing.js';
import type { HttpPlugin } from './plugin.js';

/** Names the span of a request after its operation, where that fits the schema. */
export function noteOperation(tracing: Pick<Tracing, 'noteOperation'>, { operation }: ServerContext): void {
  if (operation) {
    tracing.noteOperation(operation.kind, operation.rootFields);
  }
}

/** {@link noteOperation}, for Yoga. Comes after the observation. */
export function useTracing(tracing: Pick<Tracing, 'noteOperation'>): HttpPlugin {
  const note = ({ context }: { readonly context: ServerContext }) => noteOperation(tracing, context);
  return { onExecute: note, onSubscribe: note };
}
