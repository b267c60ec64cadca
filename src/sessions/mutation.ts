import { InvalidInputError, NoAccessError, NotFoundError } from '../errors.js';
import type { Session as SessionModel } from '../generated/prisma/client.js';
import { builder } from '../schema/builder.js';
import { everyMutation } from '../schema/errors.js';
import { endSession } from './end-session.js';
import { Session } from './schema.js';
import { type StartedSession, startSession } from './start-session.js';

const StartSessionSuccess = builder.objectRef<StartedSession>('StartSessionSuccess').implement({
  description: 'The session was started.',
  fields: (t) => ({
    session: t.field({ type: Session, description: 'The session.', resolve: ({ session }) => session }),
    token: t.exposeString('token', {
      description: 'The session token, shown once: use it as `Authorization: Bearer …`.',
    }),
  }),
});

builder.mutationField('startSession', (t) =>
  t.field({
    type: StartSessionSuccess,
    description:
      'Starts a session for the caller, a user of the directory with a bearer token of the identity provider.',
    errors: {
      types: [...everyMutation, InvalidInputError, NoAccessError],
      union: {
        name: 'StartSessionResult',
        description: 'What `startSession` answers: its success, or an `AccessError`.',
      },
    },
    resolve: (_root, _args, context) => startSession(context),
  }),
);

const EndSessionInput = builder.inputType('EndSessionInput', {
  description: 'Which session to end.',
  fields: (t) => ({ sessionId: t.id({ required: true, description: 'The session’s id: `sess_…`.' }) }),
});

const EndSessionSuccess = builder.objectRef<{ session: SessionModel }>('EndSessionSuccess').implement({
  description: 'The session has ended: by this, or before.',
  fields: (t) => ({
    session: t.field({ type: Session, description: 'The session.', resolve: ({ session }) => session }),
  }),
});

builder.mutationField('endSession', (t) =>
  t.field({
    type: EndSessionSuccess,
    description: 'Ends a session: one of the caller’s own, or any of the organization for ORG_ADMIN.',
    args: { input: t.arg({ type: EndSessionInput, required: true, description: 'Which session.' }) },
    errors: {
      types: [...everyMutation, InvalidInputError, NotFoundError],
      union: { name: 'EndSessionResult', description: 'What `endSession` answers: its success, or an `AccessError`.' },
    },
    resolve: async (_root, { input }, context) => ({ session: await endSession(context, input) }),
  }),
);
