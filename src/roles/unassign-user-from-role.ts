import { z } from 'zod';
import type { Context } from '../context.js';
import { id, parseInput } from '../grammar.js';
import { permissions } from '../permissions.js';
import { carryOut, type Removal, type RemovalRequest, removalInput } from '../removal.js';

export const roleRemoval: Removal = {
  kind: 'ROLE',
  databaseFunction: 'unassign_user_from_role',
  noun: 'role',
  requires: permissions.Mutation.unassignUserFromRole.requires,
};

const grammar = z.object({ roleId: id('role'), ...removalInput });

/** Checks the arguments of the mutation; throws InvalidInputError. */
export function toRoleRemoval({ input }: { input: unknown }): RemovalRequest {
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
