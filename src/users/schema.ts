import { z } from 'zod';
import { confinedTo, getPrincipal } from '../auth/caller.js';
import type { Context } from '../context.js';
import { nodes } from '../database/nodes.js';
import { Prisma, type User as UserModel } from '../generated/prisma/client.js';
import { GlobalRole } from '../generated/prisma/enums.js';
import { id, nullable, parseInput, searchText, userReference } from '../grammar.js';
import { builder } from '../schema/builder.js';
import { connect, connectionType, pageArgs, pageExtensions } from '../schema/connections.js';
import { GlobalRoleEnum } from '../schema/global-role.js';
import { findNode, Node, registerNode } from '../schema/node.js';
import { UserReference } from '../schema/user-reference.js';
import { organizationUsers, userConditions } from './lists.js';

const { sql } = Prisma;

/** A person of the directory. Projects, roles, resources and sessions add their fields themselves. */
export const User = builder.prismaObject('User', {
  description: 'A person in the directory. An account is never deleted by taking its access away.',
  interfaces: [Node],
  fields: (t) => ({
    login: t.exposeString('login', { description: 'Unique in its organization, compared exactly.' }),
    name: t.exposeString('name', { nullable: true, description: 'For people.' }),
    orgAdmin: t.exposeBoolean('orgAdmin', {
      description: 'Whether the organization’s administrators include this user (ORG_ADMIN).',
    }),
    active: t.exposeBoolean('active', {
      description: 'False for a deactivated user, whose credentials are all refused.',
    }),
    globalRoles: t.expose('globalRoles', {
      type: [GlobalRoleEnum],
      description: 'The organization-wide roles that the user holds.',
    }),
  }),
});

registerNode('user', 'User', (context, ids) => findUsers(context, sql`u.id = any(${ids}::text[])`));

/** The users that `which` tells of `u`, within what the caller may see. By hand: nothing is asked for as often. */
async function findUsers(context: Context, which: Prisma.Sql): Promise<UserModel[]> {
  const principal = getPrincipal(context);
  const self = confinedTo(principal);
  const rows = await context.reads.find<{ user: UserModel }>(sql`
    select ${Prisma.raw(nodes.user)} as user from users u
    where u.organization_id = ${principal.organization.id} and ${which}
      and ${self === null ? sql`true` : sql`u.id = ${self}`}`);
  return rows.map(({ user }) => user);
}

/** A list of users of one organization. */
const UserConnection = connectionType({
  name: 'User',
  node: User,
  description: 'Users, in the order of their ids.',
  nodeDescription: 'The user.',
});

const UserFilterInput = builder.inputType('UserFilter', {
  description: 'Which users to list: those that match every part that is given.',
  fields: (t) => ({
    search: t.string({ description: 'A part of the login or the name, in upper or lower case.' }),
    projectId: t.id({ description: 'Assigned to this project.' }),
    roleId: t.id({ description: 'Assigned to this role.' }),
    globalRole: t.field({ type: GlobalRoleEnum, description: 'Holding this global role.' }),
  }),
});

const filterGrammar = z.object({
  search: nullable(searchText),
  projectId: nullable(id('proj')),
  roleId: nullable(id('role')),
  globalRole: nullable(z.enum(GlobalRole)),
});

builder.queryFields((t) => ({
  user: t.field({
    type: User,
    nullable: true,
    description: 'A user of the caller’s organization; null when there is none that the caller may see.',
    args: { by: t.arg({ type: UserReference, required: true, description: 'The user’s id or login.' }) },
    resolve: (_root, { by }, context) => {
      const { userId, userLogin } = parseInput(userReference, by, 'by');
      return userId ? findNode<UserModel>(context, userId) : findByLogin(context, userLogin ?? '');
    },
  }),
  users: t.field({
    type: UserConnection,
    description: 'The users of the caller’s organization, as far as the caller may see them.',
    args: { ...pageArgs(t.arg), filter: t.arg({ type: UserFilterInput, description: 'Leave out to list all.' }) },
    extensions: pageExtensions(organizationUsers),
    resolve: (_root, { filter, ...page }, context) => {
      const principal = getPrincipal(context);
      const conditions = userConditions(principal, parseInput(filterGrammar, filter ?? {}, 'filter'));
      return connect(context, organizationUsers, principal.organization.id, page, conditions);
    },
  }),
}));

async function findByLogin(context: Context, login: string): Promise<UserModel | null> {
  const [user = null] = await findUsers(context, sql`u.login = ${login}`);
  return user;
}
