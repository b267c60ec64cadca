import { type DocumentNode, getOperationAST, Kind, type OperationTypeNode, type SelectionNode } from 'graphql';
import type { HttpPlugin } from './plugin.js';

/** What the log and the metrics tell of an operation. Nothing in it is a caller's own text. */
export interface OperationFacts {
  readonly kind: `${OperationTypeNode}`;
  /** The fields of the schema that the document asks for at its root, each once. */
  readonly rootFields: readonly string[];
}

const startedAt = new WeakMap<Request, number>();
const operations = new WeakMap<Request, OperationFacts>();

/** The operation of a request; null where it never came to one that fits the schema. */
export const findOperation = (request: Request): OperationFacts | null => operations.get(request) ?? null;

/** The seconds since a request came in; 0 where it was answered before any plugin saw it (a CORS preflight). */
export function getElapsedSeconds(request: Request): number {
  const now = performance.now();
  return (now - (startedAt.get(request) ?? now)) / 1000;
}

/** Takes down for the log and the metrics when a request came and, once it fits the schema, what is executed. */
export function useObservation(): HttpPlugin {
  return {
    onRequest({ request }) {
      startedAt.set(request, performance.now());
    },
    onExecute({ args, context }) {
      const facts = toFacts(args.document, args.operationName);
      if (facts) {
        operations.set(context.request, facts);
      }
    },
  };
}

function toFacts(document: DocumentNode, operationName: string | null | undefined): OperationFacts | null {
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
