import {
  type DocumentNode,
  type FieldNode,
  type GraphQLField,
  type GraphQLSchema,
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  type OperationDefinitionNode,
  separateOperations,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type { KeyTypes, PageArguments } from '../page-arguments.js';

type Definitions = ReadonlyMap<FieldNode, GraphQLField<unknown, unknown>>;

const known = new WeakMap<OperationDefinitionNode, Definitions>();

/** The fields with arguments that an operation comes to, by itself and by its fragments. */
function findFields(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode): Definitions {
  const earlier = known.get(operation);
  if (earlier) {
    return earlier;
  }
  const found = new Map<FieldNode, GraphQLField<unknown, unknown>>();
  const typeInfo = new TypeInfo(schema);
  const Field = (node: FieldNode) => {
    const definition = typeInfo.getFieldDef();
    if (definition && definition.args.length > 0) {
      found.set(node, definition);
    }
  };
  // Other operations of the document have variables of their own, which are given no values here.
  const own = separateOperations(document)[operation.name?.value ?? ''] ?? document;
  visit(own, visitWithTypeInfo(typeInfo, { Field }));
  known.set(operation, found);
  return found;
}

/** What is going to be executed. */
export interface Execution {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variableValues?: Readonly<Record<string, unknown>> | null | undefined;
}

/** A page that an operation asks for. */
export interface Page {
  readonly keyTypes: KeyTypes;
  /** `ids` and `representations` are those of fields which answer a list of what they are given. */
  readonly args: PageArguments & { readonly ids?: readonly unknown[]; readonly representations?: readonly unknown[] };
}

/** An operation, and the pages that it asks for, by the fields that answer them. */
export interface PagedOperation {
  readonly operation: OperationDefinitionNode;
  readonly pages: ReadonlyMap<FieldNode, Page>;
}

/**
 * The pages of an operation with the values of their arguments; null where its variables don't fit their types, which
 * the execution itself will say. Throws graphql-js' GraphQLError where any field, paged or not, is given an argument that
 * it doesn't take, such as null from a variable.
 */
export function findPages({ schema, document, operationName, variableValues }: Execution): PagedOperation | null {
  const operation = getOperationAST(document, operationName);
  if (!operation) {
    return null;
  }
  const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues ?? {}, {
    // What is wrong with them is told by the execution: here the first error is enough, and 80,000 would take seconds.
    maxErrors: 1,
  });
  if (!coerced) {
    return null;
  }
  const pages = new Map<FieldNode, Page>();
  for (const [node, definition] of findFields(schema, document, operation)) {
    const args = getArgumentValues(definition, node, coerced);
    const keyTypes = definition.extensions['pageKeyTypes'] as KeyTypes | undefined;
    if (keyTypes) {
      pages.set(node, { keyTypes, args });
    }
  }
  return { operation, pages };
}
