import type { Context } from '../context.js';
import { parseInput } from '../grammar.js';
import { permissions } from '../permissions.js';
import { carryOut, findOwner } from '../removal.js';
import { type Removal, type RemovalRequest, removalGrammars } from '../removal-request.js';

export const roleRemoval: Removal = {
  kind: 'ROLE',
  databaseFunction: 'unassign_user_from_role',
  system: 'ENTRYGUARD',
  noun: 'role',
  requires: permissions.Mutation.unassignUserFromRole.requires,
};

const grammars = removalGrammars((id) => ({ roleId: id('role') }));

/** Checks the arguments of the mutation; throws InvalidInputError. */
export function toRoleRemoval({ input }: { input: unknown }, context: Context): RemovalRequest {
  const grammar = findOwner(context, roleRemoval) ? grammars.upstream : grammars.local;
  const { roleId, ...request } = parseInput(grammar, input);
  return { ...request, target: { roleId } };
}

/**
 * Unassigns a user from a role. Sessions that go on keep what they have until they expire; new ones don't get it.
 * Source: EntryGuard, `DELETE /api/v1/roles/{id}/users/{userId}`. Throws ForbiddenError, NotFoundError or
 * UserNotAssignedError.
 */
export const unassignUserFromRole = (context: Context, request: RemovalRequest) =>
  carryOut(context, roleRemoval, request);
