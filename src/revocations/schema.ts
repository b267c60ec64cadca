import { z } from 'zod';
import { confinedTo, getPrincipal } from '../auth/caller.js';
import type { Revocation as RevocationModel } from '../generated/prisma/client.js';
import { RevocationKind, RevocationState } from '../generated/prisma/enums.js';
import { id, nullable, parseInput } from '../grammar.js';
import { builder } from '../schema/builder.js';
import { connect, connectionType, pageArgs, pageExtensions } from '../schema/connections.js';
import { UpstreamError } from '../schema/errors.js';
import { findByArgument, Node, registerNode } from '../schema/node.js';
import { AccessChange, KindEnum, StateEnum } from './access-change.js';
import { organizationRevocations, revocationConditions } from './lists.js';

/** The record of one removal that a known caller asked for. */
export const Revocation = builder.prismaObject('Revocation', {
  description:
    'One removal that a known caller asked for: who, what, why, and how it ended. Never changed once settled.',
  interfaces: [Node, AccessChange],
  fields: (t) => ({
    kind: t.expose('kind', { type: KindEnum, description: 'What was to be taken away.' }),
    requestedUser: t.exposeString('requestedUser', {
      description: 'The user as the caller named it: an id or a login.',
    }),
  }),
});

registerNode('rev', 'Revocation', (context, ids) => {
  const principal = getPrincipal(context);
  const self = confinedTo(principal);
  return context.database.prisma.revocation.findMany({
    where: { id: { in: ids }, organizationId: principal.organization.id, ...(self !== null && { userId: self }) },
  });
});

/** A list of records of one organization. */
export const RevocationConnection = connectionType({
  name: 'Revocation',
  node: Revocation,
  description: 'Records of removals, newest first.',
  nodeDescription: 'The record.',
});

const RevocationFilter = builder.inputType('RevocationFilter', {
  description: 'Which records to list: those that match every part that is given.',
  fields: (t) => ({
    userId: t.id({ description: 'About this user.' }),
    kind: t.field({ type: KindEnum, description: 'Of this kind.' }),
    state: t.field({ type: StateEnum, description: 'That ended like this.' }),
  }),
});

/** The grammar of a filter of records. */
export const filterGrammar = z.object({
  userId: nullable(id('user')),
  kind: nullable(z.enum(RevocationKind)),
  state: nullable(z.enum(RevocationState)),
});

builder.queryFields((t) => ({
  revocation: t.field({
    type: Revocation,
    nullable: true,
    description: 'The record of one removal; null when there is none that the caller may see.',
    args: { id: t.arg.id({ required: true, description: 'The record’s id: `rev_…`.' }) },
    resolve: (_root, { id }, context) => findByArgument<RevocationModel>(context, 'rev', id),
  }),
  revocations: t.field({
    type: RevocationConnection,
    description:
      'Every removal that was asked for, newest first: the audit trail. A caller who may see only itself finds ' +
      'those about itself.',
    args: { ...pageArgs(t.arg), filter: t.arg({ type: RevocationFilter, description: 'Leave out to list all.' }) },
    extensions: pageExtensions(organizationRevocations),
    resolve: (_root, { filter, ...page }, context) => {
      const principal = getPrincipal(context);
      const conditions = revocationConditions(principal, parseInput(filterGrammar, filter ?? {}, 'filter'));
      return connect(context, organizationRevocations, principal.organization.id, page, conditions);
    },
  }),
}));

builder.objectField(UpstreamError, 'revocation', (t) =>
  t.field({
    type: Revocation,
    nullable: true,
    description:
      'The record of the removal: PENDING while the outcome is unknown, otherwise REFUSED. Null where it was a grant, or ' +
      'nothing was recorded.',
    resolve: ({ facts }) => facts.revocation as RevocationModel | null,
  }),
);
