import { confinedTo, getPrincipal } from '../auth/caller.js';
import type { Grant as GrantModel, Revocation as RevocationModel } from '../generated/prisma/client.js';
import { parseInput } from '../grammar.js';
import { AccessChange, KindEnum, StateEnum } from '../revocations/access-change.js';
import { revocationConditions } from '../revocations/lists.js';
import { filterGrammar, Revocation } from '../revocations/schema.js';
import { builder } from '../schema/builder.js';
import { connect, connectionType, pageArgs, pageExtensions } from '../schema/connections.js';
import { UpstreamError } from '../schema/errors.js';
import { findByArgument, findNode, Node, registerNode } from '../schema/node.js';
import { organizationAccessChanges } from './lists.js';

/** The record of one grant that a known caller asked for. */
export const Grant = builder.prismaObject('Grant', {
  description: 'One grant that a known caller asked for: who, what, why, and how it ended. Never changed once settled.',
  interfaces: [Node, AccessChange],
  fields: (t) => ({
    revocation: t.field({
      type: Revocation,
      nullable: true,
      description: 'The removal that it restores; null where it restores none, or one that is not there.',
      resolve: ({ revocationId }, _args, context) =>
        revocationId ? findNode<RevocationModel>(context, revocationId) : null,
    }),
  }),
});

registerNode('grant', 'Grant', (context, ids) => {
  const principal = getPrincipal(context);
  const self = confinedTo(principal);
  return context.database.prisma.grant.findMany({
    where: { id: { in: ids }, organizationId: principal.organization.id, ...(self !== null && { userId: self }) },
  });
});

const AccessChangeConnection = connectionType({
  name: 'AccessChange',
  node: AccessChange,
  description: 'Records of removals and grants, newest first.',
  nodeDescription: 'The record.',
});

const AccessChangeFilter = builder.inputType('AccessChangeFilter', {
  description: 'Which records to list: those that match every part that is given.',
  fields: (t) => ({
    userId: t.id({ description: 'About this user.' }),
    kind: t.field({ type: KindEnum, description: 'Of this kind.' }),
    state: t.field({ type: StateEnum, description: 'That ended like this.' }),
  }),
});

builder.queryFields((t) => ({
  grant: t.field({
    type: Grant,
    nullable: true,
    description: 'The record of one grant; null when there is none that the caller may see.',
    args: { id: t.arg.id({ required: true, description: 'The record’s id: `grant_…`.' }) },
    resolve: (_root, { id }, context) => findByArgument<GrantModel>(context, 'grant', id),
  }),
  accessChanges: t.field({
    type: AccessChangeConnection,
    description:
      'Every removal and every grant that was asked for, newest first: the whole audit trail. A caller who may see ' +
      'only itself finds those about itself.',
    args: { ...pageArgs(t.arg), filter: t.arg({ type: AccessChangeFilter, description: 'Leave out to list all.' }) },
    extensions: pageExtensions(organizationAccessChanges),
    resolve: (_root, { filter, ...page }, context) => {
      const principal = getPrincipal(context);
      const conditions = revocationConditions(principal, parseInput(filterGrammar, filter ?? {}, 'filter'));
      return connect(context, organizationAccessChanges, principal.organization.id, page, conditions);
    },
  }),
}));

builder.objectField(UpstreamError, 'grant', (t) =>
  t.field({
    type: Grant,
    nullable: true,
    description: 'The record of the grant; null where it was a removal, or nothing was recorded.',
    resolve: ({ facts }) => facts.grant as GrantModel | null,
  }),
);
