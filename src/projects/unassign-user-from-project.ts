import type { Context } from '../context.js';
import { parseInput } from '../grammar.js';
import { permissions } from '../permissions.js';
import { carryOut, findOwner } from '../removal.js';
import { type Removal, type RemovalRequest, removalGrammars } from '../removal-request.js';

export const projectRemoval: Removal = {
  kind: 'PROJECT',
  databaseFunction: 'unassign_user_from_project',
  system: 'VOUCHERIFY',
  noun: 'project',
  requires: permissions.Mutation.unassignUserFromProject.requires,
};

const grammars = removalGrammars((id) => ({ projectId: id('proj') }));

/** Checks the arguments of the mutation; throws InvalidInputError. */
export function toProjectRemoval({ input }: { input: unknown }, context: Context): RemovalRequest {
  const grammar = findOwner(context, projectRemoval) ? grammars.upstream : grammars.local;
  const { projectId, ...request } = parseInput(grammar, input);
  return { ...request, target: { projectId } };
}

/**
 * Unassigns a user from a project, ends all of the user's sessions and refuses the tokens issued to the user before.
 * Source: Voucherify, `DELETE /management/v1/projects/{projectId}/users/{userId}`. Throws ForbiddenError,
 * NotFoundError, UserNotAssignedError or LastProjectError.
 */
export const unassignUserFromProject = (context: Context, request: RemovalRequest) =>
  carryOut(context, projectRemoval, request);
