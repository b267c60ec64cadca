import type { RemovalAnswer } from '../removal.js';
import { RevocationSuccess, removalInputFields } from '../revocations/removal-types.js';
import { builder } from '../schema/builder.js';
import { everyRemoval } from '../schema/errors.js';
import { lostAndKept } from './resources.js';
import { Role } from './schema.js';
import { roleRemoval, toRoleRemoval, unassignUserFromRole } from './unassign-user-from-role.js';

const Input = builder.inputType('UnassignUserFromRoleInput', {
  description: 'Which user to unassign from which role.',
  fields: (t) => ({
    roleId: t.id({ required: true, description: 'The role’s id: `role_…`.' }),
    ...removalInputFields(t),
  }),
});

const Success = builder.objectRef<RemovalAnswer>('UnassignUserFromRoleSuccess').implement({
  description: 'The user is not assigned to the role any more (on a dry run: would not be).',
  interfaces: [RevocationSuccess],
  fields: (t) => ({
    role: t.field({
      type: Role,
      nullable: true,
      description: 'The role. Null where it is not in the directory.',
      resolve: ({ role }) => role,
    }),
    ...lostAndKept(t),
  }),
});

builder.mutationField('unassignUserFromRole', (t) =>
  t.field({
    type: Success,
    description:
      'Unassigns a user from a role, and tells which resources are lost by it and which are still reached another way. ' +
      'Active sessions go on until they expire; new ones see the change at once. Needs ORG_ADMIN.',
    args: { input: t.arg({ type: Input, required: true, description: 'Which user, which role.' }) },
    errors: {
      types: everyRemoval,
      union: {
        name: 'UnassignUserFromRoleResult',
        description: 'What `unassignUserFromRole` answers: its success, or an `AccessError`.',
      },
    },
    extensions: { attempt: { kind: roleRemoval.kind, toRequest: toRoleRemoval } },
    resolve: (_root, args, context) => unassignUserFromRole(context, toRoleRemoval(args)),
  }),
);
