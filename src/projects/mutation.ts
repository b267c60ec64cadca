import type { ObjectFieldBuilder } from '@pothos/core';
import { LastProjectError } from '../errors.js';
import { type GrantAnswer, grantAttempt } from '../grant.js';
import { GrantSuccess, grantInputFields, toWhom } from '../grants/grant-types.js';
import { type RemovalAnswer, removalAttempt } from '../removal.js';
import { RevocationSuccess, removalInputFields } from '../revocations/removal-types.js';
import { builder, type Types } from '../schema/builder.js';
import { everyChange, everyRemoval } from '../schema/errors.js';
import { assignUserToProject, projectGiving, toProjectGrant } from './assign-user-to-project.js';
import { Project } from './schema.js';
import { projectRemoval, toProjectRemoval, unassignUserFromProject } from './unassign-user-from-project.js';

const projectField = (t: ObjectFieldBuilder<Types, Pick<GrantAnswer, 'project'>>) =>
  t.field({
    type: Project,
    nullable: true,
    description: 'The project. Null where it is not in the directory.',
    resolve: ({ project }) => project,
  });

const Input = builder.inputType('UnassignUserFromProjectInput', {
  description: 'Which user to unassign from which project.',
  fields: (t) => ({
    projectId: t.id({ required: true, description: 'The project’s id, such as `proj_TrlkLiH4`.' }),
    ...removalInputFields(t),
  }),
});

const Success = builder.objectRef<RemovalAnswer>('UnassignUserFromProjectSuccess').implement({
  description: 'The user is not assigned to the project any more (on a dry run: would not be).',
  interfaces: [RevocationSuccess],
  fields: (t) => ({ project: projectField(t) }),
});

builder.mutationField('unassignUserFromProject', (t) =>
  t.field({
    type: Success,
    description:
      'Unassigns a user from a project, ends all of the user’s sessions, and refuses the tokens issued to the user ' +
      'before. A user who is assigned to one project only keeps it. Needs a management token, or ORG_ADMIN.',
    args: { input: t.arg({ type: Input, required: true, description: 'Which user, which project.' }) },
    errors: {
      types: [...everyRemoval, LastProjectError],
      union: {
        name: 'UnassignUserFromProjectResult',
        description: 'What `unassignUserFromProject` answers: its success, or an `AccessError`.',
      },
    },
    extensions: { attempt: removalAttempt(projectRemoval, toProjectRemoval) },
    resolve: (_root, args, context) => unassignUserFromProject(context, toProjectRemoval(args, context)),
  }),
);

const AssignInput = builder.inputType('AssignUserToProjectInput', {
  description: 'Which user to assign to which project.',
  fields: (t) => ({
    projectId: t.id({ required: true, description: 'The project’s id, such as `proj_TrlkLiH4`.' }),
    user: toWhom(t),
    role: t.string({ required: true, description: 'The role in the project, such as `EDITOR`.' }),
    ...grantInputFields(t),
  }),
});

const AssignSuccess = builder.objectRef<GrantAnswer>('AssignUserToProjectSuccess').implement({
  description: 'The user is assigned to the project (on a dry run: would be).',
  interfaces: [GrantSuccess],
  fields: (t) => ({ project: projectField(t) }),
});

builder.mutationField('assignUserToProject', (t) =>
  t.field({
    type: AssignSuccess,
    description:
      'Assigns a user to a project, with a role in it. A user who is in it already, with whatever role, stays as it is: ' +
      '`ConflictError`. Needs a management token, or ORG_ADMIN.',
    args: { input: t.arg({ type: AssignInput, required: true, description: 'Which user, which project.' }) },
    errors: {
      types: everyChange,
      union: {
        name: 'AssignUserToProjectResult',
        description: 'What `assignUserToProject` answers: its success, or an `AccessError`.',
      },
    },
    extensions: { attempt: grantAttempt(projectGiving, toProjectGrant) },
    resolve: (_root, args, context) => assignUserToProject(context, toProjectGrant(args, context)),
  }),
);
