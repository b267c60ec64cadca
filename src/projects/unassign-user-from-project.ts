import { z } from 'zod';
import type { Context } from '../context.js';
import { id, parseInput } from '../grammar.js';
import { permissions } from '../permissions.js';
import { carryOut, type Removal, type RemovalRequest, removalInput } from '../removal.js';

export const projectRemoval: Removal = {
  kind: 'PROJECT',
  databaseFunction: 'unassign_user_from_project',
  noun: 'project',
  requires: permissions.Mutation.unassignUserFromProject.requires,
};

const grammar = z.object({ projectId: id('proj'), ...removalInput });

/** Checks the arguments of the mutation; throws InvalidInputError. */
export function toProjectRemoval({ input }: { input: unknown }): RemovalRequest {
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
