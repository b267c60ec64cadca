import type { InputFieldBuilder } from '@pothos/core';
import type { GrantAnswer } from '../grant.js';
import { builder, type Types } from '../schema/builder.js';
import { UserReference } from '../schema/user-reference.js';
import { User } from '../users/schema.js';
import { Grant } from './schema.js';

// What all grants have in common, in their inputs and in their answers.

/** Why, and whether it is meant: the part of every grant's input. */
export const grantInputFields = (t: InputFieldBuilder<Types, 'InputObject'>) => ({
  reason: t.string({ description: 'Kept in the audit trail. At most 500 characters.' }),
  dryRun: t.boolean({
    required: true,
    defaultValue: false,
    description: 'Answer what would happen, and change and record nothing.',
  }),
});

/** To whom: the part of every grant's input that names a user. */
export const toWhom = (t: InputFieldBuilder<Types, 'InputObject'>) =>
  t.field({ type: UserReference, required: true, description: 'To whom to give it.' });

/** What every grant that succeeded answers. */
export const GrantSuccess = builder.interfaceRef<GrantAnswer>('GrantSuccess').implement({
  description: 'What every grant that succeeded answers.',
  fields: (t) => ({
    applied: t.exposeBoolean('applied', { description: 'False on a dry run.' }),
    grant: t.field({
      type: Grant,
      nullable: true,
      description: 'The record of this grant. Null on a dry run.',
      resolve: ({ grant }) => grant,
    }),
    user: t.field({
      type: User,
      nullable: true,
      description: 'The user as it is after the grant (on a dry run: as it is). Null where it is not in the directory.',
      resolve: ({ user }) => user,
    }),
    canStartSession: t.exposeBoolean('canStartSession', {
      description: 'Whether the user can start a session after this. Sessions that are active stay as they are.',
    }),
  }),
});
