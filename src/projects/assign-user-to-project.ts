import type { Context } from '../context.js';
import { parseInput, projectRole } from '../grammar.js';
import { give } from '../grant.js';
import { type Giving, type GrantRequest, grantGrammars } from '../grant-request.js';
import { permissions } from '../permissions.js';
import { findOwner } from '../removal.js';

export const projectGiving: Giving = {
  kind: 'PROJECT',
  databaseFunction: 'assign_user_to_project',
  system: 'VOUCHERIFY',
  requires: permissions.Mutation.assignUserToProject.requires,
};

const grammars = grantGrammars((id) => ({ projectId: id('proj'), role: projectRole }));

/** Checks the arguments of the mutation; throws InvalidInputError. */
export function toProjectGrant({ input }: { input: unknown }, context: Context): GrantRequest {
  const grammar = findOwner(context, projectGiving) ? grammars.upstream : grammars.local;
  const { projectId, role, ...request } = parseInput(grammar, input);
  return { ...request, target: { projectId }, projectRole: role };
}

/**
 * Assigns a user to a project, with a role in it. Source: Voucherify, `POST /management/v1/projects/{projectId}/users`.
 * Throws ForbiddenError, NotFoundError or ConflictError.
 */
export const assignUserToProject = (context: Context, request: GrantRequest) => give(context, projectGiving, request);
