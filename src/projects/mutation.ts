import { LastProjectError } from '../errors.js';
import type { RemovalAnswer } from '../removal.js';
import { RevocationSuccess, removalInputFields } from '../revocations/removal-types.js';
import { builder } from '../schema/builder.js';
import { everyRemoval } from '../schema/errors.js';
import { Project } from './schema.js';
import { projectRemoval, toProjectRemoval, unassignUserFromProject } from './unassign-user-from-project.js';

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
  fields: (t) => ({
    project: t.field({
      type: Project,
      nullable: true,
      description: 'The project. Null where it is not in the directory.',
      resolve: ({ project }) => project,
    }),
  }),
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
    extensions: { attempt: { kind: projectRemoval.kind, toRequest: toProjectRemoval } },
    resolve: (_root, args, context) => unassignUserFromProject(context, toProjectRemoval(args)),
  }),
);
