import {
  type DocumentNode,
  type FieldNode,
  GraphQLError,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { ServerContext } from '../context.js';
import { type InputIssue, InvalidInputError } from '../errors.js';
import { defaultPageSize, findPageIssues } from '../page-arguments.js';
import { toInputError } from './errors.js';
import { type Execution, findPages, type Page, type PagedOperation } from './paged-fields.js';
import type { HttpPlugin } from './plugin.js';
import { reject } from './rejections.js';

/** Entries of lists that one operation may ask for: what it would get if every list were as long as its pages. */
const maxEntries = 50_000;

/**
 * Finds what can't be answered before anything of an operation is carried out: a removal whose answer then failed over
 * a page of 500 resources, or over the next field of the document, would have been done, and reported as an error.
 * Pages are answered by the fields, once their rules have had their say; arguments that a field doesn't take refuse the
 * operation. Pages inside of pages multiply: three lists of 200 inside each other are eight million entries, in
 * a document of one line.
 */
export function usePageArguments(): HttpPlugin {
  const look = ({ args, context, setResultAndStopExecution }: Hook) => {
    const error = checkPages(args, context);
    if (error) {
      setResultAndStopExecution({ errors: [error] });
    }
  };
  return { onExecute: look, onSubscribe: look };
}

interface Hook {
  readonly args: Execution;
  readonly context: Pick<ServerContext, 'principal'>;
  readonly setResultAndStopExecution: (result: { errors: GraphQLError[] }) => void;
}

/** Why an operation is refused for its pages; null where it isn't, and where its fields will answer it (`pageError`). */
export function checkPages(execution: Execution, context: Pick<ServerContext, 'principal'>): GraphQLError | null {
  // Without a principal every root field answers UNAUTHENTICATED before anything else, and costs nothing.
  const error = context.principal ? findError(execution) : null;
  if (error instanceof InvalidInputError) {
    Object.assign(context, { pageError: error });
    return null;
  }
  return error;
}

function findError(execution: Execution): InvalidInputError | GraphQLError | null {
  let found: PagedOperation | null;
  try {
    found = findPages(execution);
  } catch (error) {
    if (error instanceof GraphQLError) {
      return toInputError(error);
    }
    throw error;
  }
  if (!found) {
    return null;
  }
  const issues = [...found.pages].flatMap(toIssues);
  if (issues.length > 0) {
    return new InvalidInputError(issues);
  }
  return countEntries(execution.document, found.operation.selectionSet, found.pages) > maxEntries ? tooMany() : null;
}

const tooMany = () =>
  reject(
    'TOO_MANY_ENTRIES',
    `The pages of an operation have ${maxEntries} entries at most, multiplied where they nest.`,
  );

const toIssues = ([node, { args, keyTypes }]: [FieldNode, Page]): InputIssue[] =>
  findPageIssues(args, keyTypes).map(({ path, message }) => ({
    path: [node.alias?.value ?? node.name.value, ...path],
    message,
  }));

/** Each fragment is counted once, however often it is spread; validation has made sure that none spreads itself. */
function countEntries(
  document: DocumentNode,
  operation: SelectionSetNode,
  pages: ReadonlyMap<FieldNode, Page>,
): number {
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node.selectionSet] as const] : [],
    ),
  );
  const counted = new Map<SelectionSetNode, number>();
  const ofSet = (set: SelectionSetNode | undefined): number => {
    const count = set ? (counted.get(set) ?? set.selections.map(ofSelection).reduce((a, b) => a + b, 0)) : 0;
    if (set) {
      counted.set(set, count);
    }
    return count;
  };
  const ofSelection = (node: SelectionNode): number => {
    if (node.kind === Kind.FRAGMENT_SPREAD) {
      return ofSet(fragments.get(node.name.value));
    }
    const page = node.kind === Kind.FIELD ? pages.get(node) : undefined;
    return page ? sizeOf(page) * (1 + ofSet(node.selectionSet)) : ofSet(node.selectionSet);
  };
  return ofSet(operation);
}

const sizeOf = ({ args: { ids, representations, first, last } }: Page) =>
  (ids ?? representations)?.length ?? first ?? last ?? defaultPageSize;
