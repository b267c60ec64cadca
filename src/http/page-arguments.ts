import type { DocumentNode, FieldNode, SelectionNode, SelectionSetNode } from 'graphql';
import { Kind } from 'graphql';
import { type InputIssue, InvalidInputError } from '../errors.js';
import { defaultPageSize, findPageIssues } from '../page-arguments.js';
import { findPages, type Page } from './paged-fields.js';
import type { HttpPlugin } from './plugin.js';
import { reject } from './rejections.js';

/** Entries of lists that one operation may ask for: what it would get if every list were as long as its pages. */
const maxEntries = 50_000;

/**
 * Finds pages that can't be answered before anything of an operation is carried out; its fields answer that, once their
 * rules have had their say. A removal whose answer then
 * failed over a page of 500 resources would have been done, and reported as an error. Pages inside of pages multiply:
 * three lists of 200 inside each other are eight million entries, in a document of one line.
 */
export function usePageArguments(): HttpPlugin {
  return {
    onExecute({ args, context, setResultAndStopExecution }) {
      // Without a principal every root field answers UNAUTHENTICATED before anything else, and costs nothing.
      const found = context.principal ? findPages(args) : null;
      if (!found) {
        return;
      }
      const issues = [...found.pages].flatMap(toIssues);
      if (issues.length > 0) {
        Object.assign(context, { pageError: new InvalidInputError(issues) });
      } else if (countEntries(args.document, found.operation.selectionSet, found.pages) > maxEntries) {
        setResultAndStopExecution({ errors: [tooMany()] });
      }
    },
  };
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
