import type { InputFieldBuilder } from '@pothos/core';
import type { RemovalAnswer, SessionEffect } from '../removal.js';
import { builder, type Types } from '../schema/builder.js';
import { UserReference } from '../schema/user-reference.js';
import { Session } from '../sessions/schema.js';
import { User } from '../users/schema.js';
import { Revocation } from './schema.js';

// What the three removals have in common, in their inputs and in their answers.

const OnMissing = builder.enumType('OnMissing', {
  description: 'What to answer when the user is not assigned.',
  values: {
    ERROR: { description: '`UserNotAssignedError`.' },
    IGNORE: { description: 'A success with `applied: false`; the record says REFUSED, NOT_ASSIGNED.' },
  },
});

/** What becomes of a user's sessions. */
export const SessionEffectEnum = builder.enumType('SessionEffect', {
  description: 'What a removal does to the sessions of the user.',
  values: {
    NONE: {
      description:
        'There was no active session, or nothing was removed. Tokens issued to the user before are refused all the same after the removal of a project.',
    },
    ENDED: { description: 'They were ended; tokens issued to the user before are refused.' },
    CONTINUE_UNTIL_EXPIRY: { description: 'They go on until they expire.' },
  } satisfies Record<SessionEffect, object>,
});

/** The part of a removal's input that is the same for all. */
export const removalInputFields = (t: InputFieldBuilder<Types, 'InputObject'>) => ({
  user: t.field({ type: UserReference, required: true, description: 'From whom to take it away.' }),
  reason: t.string({ description: 'Kept in the audit trail. At most 500 characters.' }),
  dryRun: t.boolean({
    required: true,
    defaultValue: false,
    description: 'Answer what would happen, and change and record nothing.',
  }),
  onMissing: t.field({
    type: OnMissing,
    required: true,
    defaultValue: 'ERROR',
    description: 'What to answer when the user is not assigned.',
  }),
});

/** What every removal that succeeded answers. */
export const RevocationSuccess = builder.interfaceRef<RemovalAnswer>('RevocationSuccess').implement({
  description: 'What every removal that succeeded answers.',
  fields: (t) => ({
    applied: t.exposeBoolean('applied', {
      description: 'False on a dry run, and where nothing was assigned and `onMissing` is IGNORE.',
    }),
    revocation: t.field({
      type: Revocation,
      nullable: true,
      description: 'The record of this removal. Null on a dry run.',
      resolve: ({ revocation }) => revocation,
    }),
    user: t.field({
      type: User,
      nullable: true,
      description:
        'The user as it is after the removal (on a dry run: as it is). Null where it is not in the directory.',
      resolve: ({ user }) => user,
    }),
    sessionEffect: t.expose('sessionEffect', {
      type: SessionEffectEnum,
      description: 'What happened (would happen) to the sessions of the user.',
    }),
    sessions: t.field({
      type: [Session],
      description: 'The sessions that were (would be) ended, or that go on until they expire.',
      resolve: ({ sessions }) => [...sessions],
    }),
    canStartSession: t.exposeBoolean('canStartSession', {
      description: 'Whether the user can still start a session after this.',
    }),
  }),
});
