import { normalizedExecutor } from '@graphql-tools/executor';
import {
  type DocumentNode,
  type ExecutionResult,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  specifiedRules,
  validate,
} from 'graphql';
import type { Introspection } from '../config.js';
import type { Context, ServerContext } from '../context.js';
import { findCallerError } from './authentication.js';
import type { DocumentCache } from './document-cache.js';
import { readDocument } from './document-limits.js';
import { maskError } from './errors.js';
import type { Params } from './graphql-params.js';
import { isIntrospectionOpen } from './introspection.js';
import { describeOperation } from './observation.js';
import { checkPages } from './page-arguments.js';

/**
 * Executes what a caller who was identified asks for. Null where there is nothing to execute, because the document isn't
 * good: Yoga says what is wrong with it. Never rejects.
 */
export type ExecuteOperation = (params: Params, context: ServerContext) => Promise<ExecutionResult | null>;

export interface OperationsParts {
  readonly schema: GraphQLSchema;
  /** Documents that were read: Yoga's. */
  readonly documents: DocumentCache;
  readonly introspection: Introspection;
  /** Makes the context of the resolvers of that of the server. */
  readonly complete: (context: ServerContext) => Context;
  /** Told of what is going to be executed, as far as it fits the schema. */
  readonly onOperation?: (context: ServerContext) => void;
}

/**
 * What Yoga and our plugins do with a query or mutation, step for step, without what a pipeline of hooks costs a request.
 * Subscriptions don't come here. Every step is a function that a plugin calls too, so that what is refused here is refused
 * there, in the same words; and every test goes both ways (test/support/ways-in.ts).
 */
export function createExecuteOperation(parts: OperationsParts): ExecuteOperation {
  const { schema, documents, introspection, complete, onOperation = () => {} } = parts;
  const read = createReadDocument(schema, documents);
  const execute = async (params: Params, context: ServerContext): Promise<ExecutionResult | null> => {
    const { query, variables, operationName } = params;
    const document = read(query, isIntrospectionOpen(introspection, context));
    context.operation = document && describeOperation(document, operationName);
    if (!document || !context.operation) {
      return null;
    }
    onOperation(context);
    const contextValue = complete(context);
    const execution = { schema, document, contextValue, variableValues: variables ?? {}, operationName };
    const refusal = findCallerError(execution, context) ?? checkPages(execution, contextValue);
    return refusal ? { errors: [refusal] } : ((await normalizedExecutor(execution)) as ExecutionResult);
  };
  return async (params, context) => {
    try {
      const result = await execute(params, context);
      return result?.errors ? { ...result, errors: result.errors.map(maskError) } : result;
    } catch (error) {
      return { errors: [maskError(error)] };
    }
  };
}

/** Reads and validates documents, each once: also by whether the caller may ask for the schema. */
function createReadDocument(
  schema: GraphQLSchema,
  cache: DocumentCache,
): (text: string, isSchemaOpen: boolean) => DocumentNode | null {
  const open = { rules: specifiedRules, valid: new WeakSet<DocumentNode>() };
  const closed = { rules: [...specifiedRules, NoSchemaIntrospectionCustomRule], valid: new WeakSet<DocumentNode>() };
  return (text, isSchemaOpen) => {
    const { rules, valid } = isSchemaOpen ? open : closed;
    const document = readDocument(text, cache);
    if (!document || valid.has(document)) {
      return document;
    }
    if (validate(schema, document, rules, { maxErrors: 1 }).length > 0) {
      return null;
    }
    valid.add(document);
    return document;
  };
}
