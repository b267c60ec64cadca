import { confinedTo, getPrincipal } from '../auth/caller.js';
import { builder } from '../schema/builder.js';
import { Node, registerNode } from '../schema/node.js';

/** What access is about: a database, a building, a report. */
export const Resource = builder.prismaObject('Resource', {
  description: 'Something that users reach, through a role that grants it or by a grant of their own.',
  interfaces: [Node],
  fields: (t) => ({
    name: t.exposeString('name', { description: 'For people.' }),
  }),
});

registerNode('res', 'Resource', (context, ids) => {
  const principal = getPrincipal(context);
  const self = confinedTo(principal);
  const reached = {
    OR: [{ users: { some: { userId: self ?? '' } } }, { roles: { some: { role: holds(self ?? '') } } }],
  };
  return context.database.prisma.resource.findMany({
    where: { id: { in: ids }, organizationId: principal.organization.id, ...(self !== null && reached) },
  });
});

const holds = (userId: string) => ({ users: { some: { userId } } });
