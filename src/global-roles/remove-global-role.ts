import { z } from 'zod';
import type { Context } from '../context.js';
import { GlobalRole } from '../generated/prisma/enums.js';
import { parseInput } from '../grammar.js';
import { permissions } from '../permissions.js';
import { carryOut, findOwner, type RemovalAnswer } from '../removal.js';
import { type Removal, type RemovalRequest, removalGrammars } from '../removal-request.js';

export const globalRoleRemoval: Removal = {
  kind: 'GLOBAL_ROLE',
  databaseFunction: 'remove_global_role',
  system: 'COGNIGY',
  noun: 'global role',
  requires: permissions.Mutation.removeGlobalRole.requires,
};

/** A request to remove a global role. */
export interface GlobalRoleRemovalRequest extends RemovalRequest {
  readonly target: { readonly globalRole: GlobalRole };
}

/** What the removal of a global role did, or would do. */
export interface GlobalRoleRemovalAnswer extends RemovalAnswer {
  readonly globalRole: GlobalRole;
}

const grammars = removalGrammars(() => ({ role: z.enum(GlobalRole) }));

/** Checks the arguments of the mutation; throws InvalidInputError. */
export function toGlobalRoleRemoval({ input }: { input: unknown }, context: Context): GlobalRoleRemovalRequest {
  const grammar = findOwner(context, globalRoleRemoval) ? grammars.upstream : grammars.local;
  const { role, ...request } = parseInput(grammar, input);
  return { ...request, target: { globalRole: role } };
}

/**
 * Removes a global role from a user: in force from the user's next request on, and for the user's API keys.
 * Source: Cognigy, `POST /v2.0/users/{userId}/removerolefromuser`. Throws ForbiddenError, NotFoundError,
 * UserNotAssignedError or LastAdministratorError.
 */
export async function removeGlobalRole(
  context: Context,
  request: GlobalRoleRemovalRequest,
): Promise<GlobalRoleRemovalAnswer> {
  return { ...(await carryOut(context, globalRoleRemoval, request)), ...request.target };
}
