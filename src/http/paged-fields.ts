import {
  type DocumentNode,
  type FieldNode,
  type GraphQLField,
  type GraphQLSchema,
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  type OperationDefinitionNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type { KeyTypes, PageArguments } from '../page-arguments.js';

interface PagedField {
  readonly definition: GraphQLField<unknown, unknown>;
  readonly keyTypes: KeyTypes;
}

const known = new WeakMap<DocumentNode, ReadonlyMap<FieldNode, PagedField>>();

/** The fields of a document that answer pages of lists, in whichever operation or fragment they are. */
function findPagedFields(schema: GraphQLSchema, document: DocumentNode): ReadonlyMap<FieldNode, PagedField> {
  const earlier = known.get(document);
  if (earlier) {
    return earlier;
  }
  const found = new Map<FieldNode, PagedField>();
  const typeInfo = new TypeInfo(schema);
  const Field = (node: FieldNode) => {
    const definition = typeInfo.getFieldDef();
    const keyTypes = definition?.extensions['pageKeyTypes'] as KeyTypes | undefined;
    if (definition && keyTypes) {
      found.set(node, { definition, keyTypes });
    }
  };
  visit(document, visitWithTypeInfo(typeInfo, { Field }));
  known.set(document, found);
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
 * The pages of an operation with the values of their arguments; null where it has none, and where its variables don't
 * fit their types, which the execution itself will say.
 */
export function findPages({ schema, document, operationName, variableValues }: Execution): PagedOperation | null {
  const operation = getOperationAST(document, operationName);
  const fields = findPagedFields(schema, document);
  if (!operation || fields.size === 0) {
    return null;
  }
  const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues ?? {}, {
    // What is wrong with them is told by the execution: here the first error is enough, and 80,000 would take seconds.
    maxErrors: 1,
  });
  if (!coerced) {
    return null;
  }
  const pages = [...fields].map(([node, { definition, keyTypes }]): [FieldNode, Page] => [
    node,
    { keyTypes, args: getArgumentValues(definition, node, coerced) },
  ]);
  return { operation, pages: new Map(pages) };
}
