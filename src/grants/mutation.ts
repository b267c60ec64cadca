import type { GrantAnswer } from '../grant.js';
import { Revocation } from '../revocations/schema.js';
import { builder } from '../schema/builder.js';
import { everyChange } from '../schema/errors.js';
import { GrantSuccess, grantInputFields } from './grant-types.js';
import { restoreAccess, restoreAttempt, toRestoreRequest } from './restore-access.js';

const Input = builder.inputType('RestoreAccessInput', {
  description: 'Which removal to restore.',
  fields: (t) => ({
    revocationId: t.id({ required: true, description: 'The removal’s record: `rev_…`.' }),
    ...grantInputFields(t),
  }),
});

const Success = builder.objectRef<GrantAnswer>('RestoreAccessSuccess').implement({
  description: 'The user has again what the removal took (on a dry run: would have).',
  interfaces: [GrantSuccess],
  fields: (t) => ({
    revocation: t.field({
      type: Revocation,
      nullable: true,
      description: 'The removal that is restored; it tells what it took.',
      resolve: ({ revocation }) => revocation,
    }),
  }),
});

builder.mutationField('restoreAccess', (t) =>
  t.field({
    type: Success,
    description:
      'Gives a user again exactly what one removal took, the role in the project included. Refused with ' +
      '`ConflictError` unless the removal is done, the user is active, and nothing has changed the same since. Needs ' +
      'what giving it needs.',
    args: { input: t.arg({ type: Input, required: true, description: 'Which removal.' }) },
    errors: {
      types: everyChange,
      union: {
        name: 'RestoreAccessResult',
        description: 'What `restoreAccess` answers: its success, or an `AccessError`.',
      },
    },
    extensions: { attempt: restoreAttempt },
    resolve: (_root, args, context) => restoreAccess(context, toRestoreRequest(args)),
  }),
);
