import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core';
import type { GraphQLFieldResolver } from 'graphql';
import { getPrincipal } from '../../auth/caller.js';
import type { Rule } from '../../auth/shield.js';
import type { Context } from '../../context.js';
import { type AccessError, AccessError as AnyAccessError, ForbiddenError, InvalidInputError } from '../../errors.js';
import type { RevocationKind } from '../../generated/prisma/enums.js';
import { type FieldPermission, permissions } from '../../permissions.js';
import { type RemovalRequest, recordRefusal } from '../../removal.js';

/** What a removal's field tells of itself, so that an attempt that its rule refuses is put on record too. */
export interface RemovalAttempt {
  readonly kind: RevocationKind;
  /** Checks the arguments against their grammar; throws InvalidInputError. */
  readonly toRequest: (args: { input: never }) => RemovalRequest;
}

declare global {
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      rules: RulesPlugin<Types>;
    }
  }
}

const rootTypes: Readonly<Record<string, Readonly<Record<string, FieldPermission>> | undefined>> = permissions;

/**
 * Asks the graphql-shield rule of every root field before its resolver. Only root fields are wrapped: a middleware on
 * every field makes long lists four times slower. Inside the schema, what a rule refuses can become a union member.
 */
class RulesPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override wrapResolve(
    resolver: GraphQLFieldResolver<unknown, Types['Context'], object>,
    field: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> {
    if (!['Query', 'Mutation'].includes(field.parentType)) {
      return resolver;
    }
    const permission = rootTypes[field.parentType]?.[field.name];
    if (!permission) {
      throw new Error(`${field.parentType}.${field.name} has no rule in permissions.ts`);
    }
    const { attempt } = (field.extensions ?? {}) as { attempt?: RemovalAttempt };
    return async (parent, args, context, info) => {
      await admit(context as Context, permission, attempt, args);
      return resolver(parent, args, context, info);
    };
  }
}

// Credential, rate, feature and authority, then the pages that are asked for: the first that fails is the answer.
async function admit(context: Context, permission: FieldPermission, attempt: RemovalAttempt | undefined, args: object) {
  if (!permission.isAnonymous) {
    getPrincipal(context);
    await context.consumeRateLimit();
  }
  const refusal = await findRefusal(permission, context);
  if (refusal) {
    await record(context, attempt, args, refusal);
    throw refusal;
  }
  if (context.pageError) {
    throw context.pageError;
  }
}

async function findRefusal({ rule, requires }: FieldPermission, context: Context): Promise<AccessError | null> {
  const verdict = await ask(rule, context);
  if (verdict === true) {
    return null;
  }
  return verdict instanceof AnyAccessError ? verdict : new ForbiddenError(requires);
}

/** What a rule says to the caller: true, false, or the error to answer. A rule that breaks throws. */
export function ask(rule: Rule, context: Context) {
  // Without `debug`, a rule that throws counts as a denial, and its error is lost. The rest is for the outside use
  // of shield; rules read the principal alone, so parent, arguments and info are of no use to them.
  const options = { debug: true, allowExternalErrors: true, fallbackRule: rule, hashFunction: () => '' };
  return rule.resolve({}, {}, context as never, undefined as never, options);
}

// A malformed attempt is nothing that could be put on record: there is no user and no target to name.
async function record(context: Context, attempt: RemovalAttempt | undefined, args: object, { code }: AccessError) {
  if (!attempt) {
    return;
  }
  let request: RemovalRequest;
  try {
    request = attempt.toRequest(args as { input: never });
  } catch (error) {
    if (error instanceof InvalidInputError) {
      return;
    }
    throw error;
  }
  await recordRefusal(context, attempt.kind, request, code);
}

export const rulesPlugin = 'rules';
SchemaBuilder.registerPlugin(rulesPlugin, RulesPlugin);
