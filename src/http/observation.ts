import { type DocumentNode, getOperationAST, Kind, type SelectionNode } from 'graphql';
import type { OperationFacts, ServerContext } from '../context.js';
import type { HttpPlugin } from './plugin.js';

type Hook = (execution: {
  readonly args: { readonly document: DocumentNode; readonly operationName?: string | null | undefined };
  readonly context: ServerContext;
}) => void;

/** The seconds since a request came in; 0 where it was answered before any plugin saw it (a CORS preflight). */
export function getElapsedSeconds({ startedAt }: ServerContext): number {
  const now = performance.now();
  return (now - (startedAt ?? now)) / 1000;
}

/** Takes down for the log and the metrics when a request came and, once it fits the schema, what is executed. */
export function useObservation(): HttpPlugin {
  const note: Hook = ({ args, context }) => {
    context.operation = describeOperation(args.document, args.operationName);
  };
  return {
    onRequest({ serverContext }) {
      serverContext.startedAt ??= performance.now();
    },
    onExecute: note,
    onSubscribe: note,
  };
}

/** What is told of an operation; null where the document has none of that name. */
export function describeOperation(
  document: DocumentNode,
  operationName: string | null | undefined,
): OperationFacts | null {
  const operation = getOperationAST(document, operationName);
  if (!operation) {
    return null;
  }
  return { kind: operation.operation, rootFields: toRootFields(document, operation.selectionSet.selections) };
}

function toRootFields(document: DocumentNode, selections: readonly SelectionNode[]): string[] {
  const [fields, visited] = [new Set<string>(), new Set<string>()];
  const visit = (selection: SelectionNode): void => {
    if (selection.kind === Kind.FIELD) {
      fields.add(selection.name.value);
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      selection.selectionSet.selections.forEach(visit);
    } else if (!visited.has(selection.name.value)) {
      visited.add(selection.name.value);
      findFragment(document, selection.name.value)?.selectionSet.selections.forEach(visit);
    }
  };
  selections.forEach(visit);
  return [...fields];
}

function findFragment(document: DocumentNode, name: string) {
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === name) {
      return definition;
    }
  }
  return null;
}
