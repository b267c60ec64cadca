import { LastAdministratorError } from '../errors.js';
import { grantAttempt } from '../grant.js';
import { GrantSuccess, grantInputFields, toWhom } from '../grants/grant-types.js';
import { removalAttempt } from '../removal.js';
import { RevocationSuccess, removalInputFields } from '../revocations/removal-types.js';
import { builder } from '../schema/builder.js';
import { everyChange, everyRemoval } from '../schema/errors.js';
import { GlobalRoleEnum } from '../schema/global-role.js';
import { addGlobalRole, type GlobalRoleGrantAnswer, globalRoleGiving, toGlobalRoleGrant } from './add-global-role.js';
import {
  type GlobalRoleRemovalAnswer,
  globalRoleRemoval,
  removeGlobalRole,
  toGlobalRoleRemoval,
} from './remove-global-role.js';

const Input = builder.inputType('RemoveGlobalRoleInput', {
  description: 'Which global role to remove from which user.',
  fields: (t) => {
    const { user, ...rest } = removalInputFields(t);
    return {
      user,
      role: t.field({ type: GlobalRoleEnum, required: true, description: 'The global role to remove.' }),
      ...rest,
    };
  },
});

const Success = builder.objectRef<GlobalRoleRemovalAnswer>('RemoveGlobalRoleSuccess').implement({
  description: 'The user does not hold the global role any more (on a dry run: would not).',
  interfaces: [RevocationSuccess],
  fields: (t) => ({
    globalRole: t.field({
      type: GlobalRoleEnum,
      description: 'The role that was removed.',
      resolve: ({ globalRole }) => globalRole,
    }),
    remainingGlobalRoles: t.field({
      type: [GlobalRoleEnum],
      description: 'The global roles that the user still holds.',
      resolve: ({ remainingGlobalRoles }) => [...remainingGlobalRoles],
    }),
  }),
});

builder.mutationField('removeGlobalRole', (t) =>
  t.field({
    type: Success,
    description:
      'Removes a global role from a user; in force from the user’s next request on, and for the user’s API keys. The ' +
      'last active user with ADMIN keeps it. Needs ORG_ADMIN, ADMIN or USER_MANAGER (who cannot take ADMIN away).',
    args: { input: t.arg({ type: Input, required: true, description: 'Which user, which global role.' }) },
    errors: {
      types: [...everyRemoval, LastAdministratorError],
      union: {
        name: 'RemoveGlobalRoleResult',
        description: 'What `removeGlobalRole` answers: its success, or an `AccessError`.',
      },
    },
    extensions: { attempt: removalAttempt(globalRoleRemoval, toGlobalRoleRemoval) },
    resolve: (_root, args, context) => removeGlobalRole(context, toGlobalRoleRemoval(args, context)),
  }),
);

const AddInput = builder.inputType('AddGlobalRoleInput', {
  description: 'Which global role to give to which user.',
  fields: (t) => ({
    user: toWhom(t),
    role: t.field({ type: GlobalRoleEnum, required: true, description: 'The global role to give.' }),
    ...grantInputFields(t),
  }),
});

const AddSuccess = builder.objectRef<GlobalRoleGrantAnswer>('AddGlobalRoleSuccess').implement({
  description: 'The user holds the global role (on a dry run: would).',
  interfaces: [GrantSuccess],
  fields: (t) => ({
    globalRole: t.field({
      type: GlobalRoleEnum,
      description: 'The role that was given.',
      resolve: ({ globalRole }) => globalRole,
    }),
  }),
});

builder.mutationField('addGlobalRole', (t) =>
  t.field({
    type: AddSuccess,
    description:
      'Gives a user a global role; in force from the user’s next request on, and for the user’s API keys. Needs ' +
      'ORG_ADMIN, ADMIN or USER_MANAGER (who cannot give ADMIN).',
    args: { input: t.arg({ type: AddInput, required: true, description: 'Which user, which global role.' }) },
    errors: {
      types: everyChange,
      union: {
        name: 'AddGlobalRoleResult',
        description: 'What `addGlobalRole` answers: its success, or an `AccessError`.',
      },
    },
    extensions: { attempt: grantAttempt(globalRoleGiving, toGlobalRoleGrant) },
    resolve: (_root, args, context) => addGlobalRole(context, toGlobalRoleGrant(args, context)),
  }),
);
