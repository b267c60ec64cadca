import { z } from 'zod';
import type { Context } from '../context.js';
import { GlobalRole } from '../generated/prisma/enums.js';
import { parseInput } from '../grammar.js';
import { type GrantAnswer, give } from '../grant.js';
import { type Giving, type GrantRequest, grantGrammars } from '../grant-request.js';
import { permissions } from '../permissions.js';
import { findOwner } from '../removal.js';

export const globalRoleGiving: Giving = {
  kind: 'GLOBAL_ROLE',
  databaseFunction: 'add_global_role',
  system: 'COGNIGY',
  requires: permissions.Mutation.addGlobalRole.requires,
};

/** A request to give a global role. */
export interface GlobalRoleGrantRequest extends GrantRequest {
  readonly target: { readonly globalRole: GlobalRole };
}

/** What the grant of a global role did, or would do. */
export interface GlobalRoleGrantAnswer extends GrantAnswer {
  readonly globalRole: GlobalRole;
}

const grammars = grantGrammars(() => ({ role: z.enum(GlobalRole) }));

/** Checks the arguments of the mutation; throws InvalidInputError. */
export function toGlobalRoleGrant({ input }: { input: unknown }, context: Context): GlobalRoleGrantRequest {
  const grammar = findOwner(context, globalRoleGiving) ? grammars.upstream : grammars.local;
  const { role, ...request } = parseInput(grammar, input);
  return { ...request, target: { globalRole: role }, projectRole: null };
}

/**
 * Gives a user a global role: in force from the user's next request on, and for the user's API keys. Source: Cognigy,
 * `POST /v2.0/users/{userId}/addroletouser`. Throws ForbiddenError, NotFoundError or ConflictError.
 */
export async function addGlobalRole(context: Context, request: GlobalRoleGrantRequest): Promise<GlobalRoleGrantAnswer> {
  return { ...(await give(context, globalRoleGiving, request)), ...request.target };
}
