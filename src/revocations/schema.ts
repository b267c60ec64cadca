import { z } from 'zod';
import { confinedTo, getPrincipal } from '../auth/caller.js';
import type {
  Project as ProjectModel,
  Revocation as RevocationModel,
  Role as RoleModel,
  User as UserModel,
} from '../generated/prisma/client.js';
import { RevocationKind, RevocationState } from '../generated/prisma/enums.js';
import { id, nullable, parseInput } from '../grammar.js';
import { Project } from '../projects/schema.js';
import { Role } from '../roles/schema.js';
import { builder } from '../schema/builder.js';
import { connect, connectionType, pageArgs, pageExtensions } from '../schema/connections.js';
import { UpstreamError } from '../schema/errors.js';
import { GlobalRoleEnum } from '../schema/global-role.js';
import { findByArgument, findNode, Node, registerNode } from '../schema/node.js';
import { User } from '../users/schema.js';
import { organizationRevocations, revocationConditions } from './lists.js';

const KindEnum = builder.enumType('RevocationKind', {
  description: 'What was to be taken away.',
  values: {
    PROJECT: { description: 'The assignment to a project.' },
    ROLE: { description: 'The assignment to a role.' },
    GLOBAL_ROLE: { description: 'A global role.' },
  } satisfies Record<RevocationKind, object>,
});

const StateEnum = builder.enumType('RevocationState', {
  description: 'How a removal ended.',
  values: {
    DONE: { description: 'It was taken away.' },
    REFUSED: { description: 'It was not; `code` says why.' },
    PENDING: { description: 'An upstream may or may not have done it; that is being found out.' },
  } satisfies Record<RevocationState, object>,
});

/** The record of one removal that a known caller asked for. */
export const Revocation = builder.prismaObject('Revocation', {
  description:
    'One removal that a known caller asked for: who, what, why, and how it ended. Never changed once settled.',
  interfaces: [Node],
  fields: (t) => ({
    kind: t.expose('kind', { type: KindEnum, description: 'What was to be taken away.' }),
    state: t.expose('state', { type: StateEnum, description: 'How it ended.' }),
    code: t.exposeString('code', {
      nullable: true,
      description: 'The code of the error with which it was refused; null unless the state is REFUSED.',
    }),
    // Not as relations: a record names what its caller may not see, and anybody can be refused something.
    user: t.field({
      type: User,
      nullable: true,
      description: 'Null where the user is not in the directory, or the caller may not see it.',
      resolve: ({ userId }, _args, context) => (userId ? findNode<UserModel>(context, userId) : null),
    }),
    project: t.field({
      type: Project,
      nullable: true,
      description: 'Null where it was not about a project, or about one that is not there or the caller may not see.',
      resolve: ({ projectId }, _args, context) => (projectId ? findNode<ProjectModel>(context, projectId) : null),
    }),
    role: t.field({
      type: Role,
      nullable: true,
      description: 'Null where it was not about a role, or about one that is not there or the caller may not see.',
      resolve: ({ roleId }, _args, context) => (roleId ? findNode<RoleModel>(context, roleId) : null),
    }),
    globalRole: t.expose('globalRole', {
      type: GlobalRoleEnum,
      nullable: true,
      description: 'Null where it was not about a global role.',
    }),
    requestedUser: t.exposeString('requestedUser', {
      description: 'The user as the caller named it: an id or a login.',
    }),
    requestedTarget: t.exposeString('requestedTarget', {
      description: 'The project, role or global role as the caller named it.',
    }),
    actor: t.exposeString('actor', {
      description:
        'The caller: a user’s id, or a management token’s id; `subject:` and the `sub` of a token whose subject is not ' +
        'in the directory.',
    }),
    reason: t.exposeString('reason', { nullable: true, description: 'Why the caller wanted it, in its own words.' }),
    requestedAt: t.expose('requestedAt', { type: 'DateTime', description: 'When it was asked for.' }),
    settledAt: t.expose('settledAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was done or refused; null while it is PENDING.',
    }),
    traceId: t.exposeID('traceId', { description: 'Leads to the request in the log.' }),
  }),
});

registerNode('rev', 'Revocation', (context, ids) => {
  const principal = getPrincipal(context);
  const self = confinedTo(principal);
  return context.database.prisma.revocation.findMany({
    where: { id: { in: ids }, organizationId: principal.organization.id, ...(self !== null && { userId: self }) },
  });
});

const RevocationConnection = connectionType({
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

const filterGrammar = z.object({
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
    description: 'The record that stays PENDING; null where nothing was recorded.',
    resolve: ({ facts }) => facts.revocation as RevocationModel | null,
  }),
);
