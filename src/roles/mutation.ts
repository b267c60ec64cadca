import type { ObjectFieldBuilder } from '@pothos/core';
import { type GrantAnswer, grantAttempt } from '../grant.js';
import { GrantSuccess, grantInputFields, toWhom } from '../grants/grant-types.js';
import { type RemovalAnswer, removalAttempt } from '../removal.js';
import { RevocationSuccess, removalInputFields } from '../revocations/removal-types.js';
import { builder, type Types } from '../schema/builder.js';
import { everyChange, everyRemoval } from '../schema/errors.js';
import { assignUserToRole, roleGiving, toRoleGrant } from './assign-user-to-role.js';
import { lostAndKept } from './resources.js';
import { Role } from './schema.js';
import { roleRemoval, toRoleRemoval, unassignUserFromRole } from './unassign-user-from-role.js';

const roleField = (t: ObjectFieldBuilder<Types, Pick<GrantAnswer, 'role'>>) =>
  t.field({
    type: Role,
    nullable: true,
    description: 'The role. Null where it is not in the directory.',
    resolve: ({ role }) => role,
  });

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
    role: roleField(t),
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
    extensions: { attempt: removalAttempt(roleRemoval, toRoleRemoval) },
    resolve: (_root, args, context) => unassignUserFromRole(context, toRoleRemoval(args, context)),
  }),
);

const AssignInput = builder.inputType('AssignUserToRoleInput', {
  description: 'Which user to assign to which role.',
  fields: (t) => ({
    roleId: t.id({ required: true, description: 'The role’s id: `role_…`.' }),
    user: toWhom(t),
    ...grantInputFields(t),
  }),
});

const AssignSuccess = builder.objectRef<GrantAnswer>('AssignUserToRoleSuccess').implement({
  description: 'The user is assigned to the role (on a dry run: would be).',
  interfaces: [GrantSuccess],
  fields: (t) => ({ role: roleField(t) }),
});

builder.mutationField('assignUserToRole', (t) =>
  t.field({
    type: AssignSuccess,
    description:
      'Assigns a user to a role. Active sessions stay as they are; new ones reach what the role grants. Needs ORG_ADMIN.',
    args: { input: t.arg({ type: AssignInput, required: true, description: 'Which user, which role.' }) },
    errors: {
      types: everyChange,
      union: {
        name: 'AssignUserToRoleResult',
        description: 'What `assignUserToRole` answers: its success, or an `AccessError`.',
      },
    },
    extensions: { attempt: grantAttempt(roleGiving, toRoleGrant) },
    resolve: (_root, args, context) => assignUserToRole(context, toRoleGrant(args, context)),
  }),
);
