import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core';
import type { GraphQLFieldResolver } from 'graphql';
import type { Context, MutationOutcome } from '../../context.js';
import { isUnavailable } from '../../database/failures.js';
import { AccessError, InternalError } from '../../errors.js';

declare global {
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      catchAll: CatchAllPlugin<Types>;
    }
  }
}

/**
 * Makes `Result!` safe: whatever a mutation throws that is not a declared member of its union becomes InternalError,
 * logged once with its cause. Tells the context how every mutation field ended.
 */
class CatchAllPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override wrapResolve(
    resolver: GraphQLFieldResolver<unknown, Types['Context'], object>,
    field: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> {
    if (field.parentType !== 'Mutation') {
      return resolver;
    }
    const { errors } = field.pothosOptions as { errors?: { types?: readonly unknown[] } };
    const declared = new Set(errors?.types);
    return async (parent, args, requestContext, info) => {
      const context = requestContext as Context;
      try {
        const answer = await resolver(parent, args, context, info);
        context.onMutationSettled(field.name, outcomeOf(answer));
        return answer;
      } catch (thrown) {
        const error = isDeclared(thrown, declared) ? thrown : toInternalError(thrown, context, field.name);
        context.onMutationSettled(field.name, error.code);
        throw error;
      }
    };
  }
}

/** A change that succeeded may have been tried only, or have found nothing to remove. */
const outcomeOf = (answer: unknown): MutationOutcome =>
  typeof answer === 'object' && answer !== null && 'outcome' in answer ? (answer.outcome as MutationOutcome) : 'DONE';

const isDeclared = (error: unknown, declared: ReadonlySet<unknown>): error is AccessError =>
  error instanceof AccessError && declared.has(error.constructor);

function toInternalError(error: unknown, context: Context, mutation: string): InternalError {
  const code = isUnavailable(error) ? 'UNAVAILABLE' : 'INTERNAL';
  context.log.error({ traceId: context.traceId, mutation, code, err: error }, 'a mutation failed');
  return new InternalError(code);
}

export const catchAllPlugin = 'catchAll';
SchemaBuilder.registerPlugin(catchAllPlugin, CatchAllPlugin);
