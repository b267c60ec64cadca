import type { Context } from '../context.js';
import { parseInput } from '../grammar.js';
import { give } from '../grant.js';
import { type Giving, type GrantRequest, grantGrammars } from '../grant-request.js';
import { permissions } from '../permissions.js';
import { findOwner } from '../removal.js';

export const roleGiving: Giving = {
  kind: 'ROLE',
  databaseFunction: 'assign_user_to_role',
  system: 'ENTRYGUARD',
  requires: permissions.Mutation.assignUserToRole.requires,
};

const grammars = grantGrammars((id) => ({ roleId: id('role') }));

/** Checks the arguments of the mutation; throws InvalidInputError. */
export function toRoleGrant({ input }: { input: unknown }, context: Context): GrantRequest {
  const grammar = findOwner(context, roleGiving) ? grammars.upstream : grammars.local;
  const { roleId, ...request } = parseInput(grammar, input);
  return { ...request, target: { roleId }, projectRole: null };
}

/**
 * Assigns a user to a role. Source: EntryGuard, `POST /api/v1/roles/{id}/users/{userId}`. Throws ForbiddenError,
 * NotFoundError or ConflictError.
 */
export const assignUserToRole = (context: Context, request: GrantRequest) => give(context, roleGiving, request);
