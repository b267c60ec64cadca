import { confinedTo, getPrincipal } from '../auth/caller.js';
import type { Context } from '../context.js';
import type { Session as SessionModel } from '../generated/prisma/client.js';
import { Prisma } from '../generated/prisma/client.js';
import { builder } from '../schema/builder.js';
import { connect, connectionType, pageArgs, pageExtensions } from '../schema/connections.js';
import { Node, registerNode } from '../schema/node.js';
import { User } from '../users/schema.js';
import { isActiveAt, userSessions } from './lists.js';

const isActive = ({ endedAt, expiresAt }: SessionModel, now: Date) => endedAt === null && expiresAt > now;

/** A login that this gateway issued. */
export const Session = builder.prismaObject('Session', {
  description: 'A login that this gateway issued.',
  interfaces: [Node],
  fields: (t) => ({
    user: t.relation('user', { description: 'Whose session it is.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When it started.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'When it ends by itself.' }),
    endedAt: t.expose('endedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was ended before that; null where it wasn’t.',
    }),
    active: t.boolean({
      description: 'Whether its token is still good.',
      resolve: (session, _args, { clock }) => isActive(session, clock()),
    }),
  }),
});

registerNode('sess', 'Session', (context, ids) => {
  const principal = getPrincipal(context);
  const self = confinedTo(principal);
  return context.database.prisma.session.findMany({
    where: { id: { in: ids }, organizationId: principal.organization.id, ...(self !== null && { userId: self }) },
  });
});

const UserSessionsConnection = connectionType({
  name: 'UserSessions',
  node: Session,
  description: 'Sessions of a user, newest first.',
  nodeDescription: 'The session.',
});

builder.prismaObjectField(User, 'sessions', (t) =>
  t.field({
    type: UserSessionsConnection,
    description: 'The logins of the user that this gateway issued, newest first.',
    args: {
      activeOnly: t.arg.boolean({
        required: true,
        defaultValue: true,
        description: 'Leave out those that were ended or have expired.',
      }),
      ...pageArgs(t.arg),
    },
    extensions: pageExtensions(userSessions),
    resolve: ({ id }, { activeOnly, ...page }, context) =>
      connect(context, userSessions, id, page, activeOnly ? [isActiveAt(context.requestedAt)] : []),
  }),
);

builder.prismaObjectField(User, 'canStartSession', (t) =>
  t.boolean({
    description: 'False when nothing is left to start a session for: no project and no resource.',
    resolve: ({ id }, _args, context) => context.batches.load('canStartSession', id, (ids) => canStart(context, ids)),
  }),
);

async function canStart({ reads }: Context, ids: readonly string[]): Promise<boolean[]> {
  const found = await reads.find<{ can: boolean }>(Prisma.sql`
    select can_start_session(person.id) as can
    from unnest(${ids}::text[]) with ordinality as person(id, place) order by person.place`);
  return found.map(({ can }) => can);
}
