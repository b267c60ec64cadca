import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core';
import type { GraphQLFieldResolver } from 'graphql';
import type { Attempt } from '../../attempt.js';
import { getPrincipal } from '../../auth/caller.js';
import type { Rule } from '../../auth/shield.js';
import type { Context } from '../../context.js';
import { type AccessError, AccessError as AnyAccessError, ForbiddenError, InvalidInputError } from '../../errors.js';
import { type FieldPermission, permissions } from '../../permissions.js';

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
    const permission = getPermission(field);
    const { attempt } = (field.extensions ?? {}) as { attempt?: Attempt };
    return async (parent, args, context, info) => {
      await admit(context as Context, permission, attempt, args);
      return resolver(parent, args, context, info);
    };
  }

  override wrapSubscribe(
    subscriber: GraphQLFieldResolver<unknown, Types['Context'], object> | undefined,
    field: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> | undefined {
    if (field.parentType !== 'Subscription' || !subscriber) {
      return subscriber;
    }
    const permission = getPermission(field);
    return async (parent, args, context, info) => {
      await admit(context as Context, permission, undefined, args);
      const events = (await subscriber(parent, args, context, info)) as AsyncIterable<unknown>;
      return whileAdmitted(events, () => readmit(context as Context, permission));
    };
  }
}

function getPermission({ parentType, name }: { readonly parentType: string; readonly name: string }): FieldPermission {
  const permission = rootTypes[parentType]?.[name];
  if (!permission) {
    throw new Error(`${parentType}.${name} has no rule in permissions.ts`);
  }
  return permission;
}

// Credential, rate, feature and authority, then the pages that are asked for: the first that fails is the answer.
async function admit(context: Context, permission: FieldPermission, attempt: Attempt | undefined, args: object) {
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

/** The same caller, by what its credential and the directory say now: an event is an answer like any other. */
async function readmit(context: Context, permission: FieldPermission): Promise<void> {
  const principal = await context.authenticateAgain();
  const refusal = await findRefusal(permission, { ...context, principal });
  if (refusal) {
    throw refusal;
  }
}

/** The events, until the first one before which `check` throws. */
function whileAdmitted<Event>(events: AsyncIterable<Event>, check: () => Promise<void>): AsyncIterableIterator<Event> {
  const iterator = events[Symbol.asyncIterator]();
  const end = async (): Promise<IteratorResult<Event>> =>
    (await iterator.return?.()) ?? { value: undefined, done: true };
  return {
    async next() {
      const event = await iterator.next();
      if (!event.done) {
        await check().catch(async (refusal) => {
          await end();
          throw refusal;
        });
      }
      return event;
    },
    return: end,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
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
async function record(context: Context, attempt: Attempt | undefined, args: object, { code }: AccessError) {
  if (!attempt) {
    return;
  }
  let request: unknown;
  try {
    request = attempt.toRequest(args as { input: unknown }, context);
  } catch (error) {
    if (error instanceof InvalidInputError) {
      return;
    }
    throw error;
  }
  await attempt.recordRefusal(context, request, code);
}

export const rulesPlugin = 'rules';
SchemaBuilder.registerPlugin(rulesPlugin, RulesPlugin);
