import {
  GraphQLError,
  Kind,
  OperationTypeNode,
  type SelectionNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';

/**
 * Refuses a subscription whose one field may be left out, as the specification has it since 2025: graphql-js breaks where
 * nothing is left to subscribe to.
 */
export const noConditionalSubscriptions: ValidationRule = (context) => ({
  OperationDefinition({ operation, selectionSet }) {
    const conditional =
      operation === OperationTypeNode.SUBSCRIPTION && findConditional(selectionSet.selections, context);
    if (conditional) {
      const message = 'The field of a subscription can’t be left out by @skip or @include.';
      context.reportError(new GraphQLError(message, { nodes: conditional }));
    }
  },
});

/** The first selection at the root that has a condition, also inside of fragments. */
function findConditional(
  selections: readonly SelectionNode[],
  context: ValidationContext,
  seen = new Set<string>(),
): SelectionNode | undefined {
  for (const selection of selections) {
    const found = isConditional(selection) ? selection : findInside(selection, context, seen);
    if (found) {
      return found;
    }
  }
  return undefined;
}

const isConditional = ({ directives }: SelectionNode) =>
  directives?.some(({ name }) => name.value === 'skip' || name.value === 'include') ?? false;

// Each fragment once: they may spread each other in a circle, which another rule refuses, and exponentially often.
function findInside(selection: SelectionNode, context: ValidationContext, seen: Set<string>) {
  if (selection.kind === Kind.INLINE_FRAGMENT) {
    return findConditional(selection.selectionSet.selections, context, seen);
  }
  if (selection.kind !== Kind.FRAGMENT_SPREAD || seen.has(selection.name.value)) {
    return undefined;
  }
  seen.add(selection.name.value);
  const fragment = context.getFragment(selection.name.value);
  return fragment && findConditional(fragment.selectionSet.selections, context, seen);
}
