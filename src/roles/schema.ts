import { confinedTo, getPrincipal } from '../auth/caller.js';
import { Prisma, type Role as RoleModel } from '../generated/prisma/client.js';
import { Resource } from '../resources/schema.js';
import { builder } from '../schema/builder.js';
import { connect, connectionType, pageArgs, pageExtensions } from '../schema/connections.js';
import { findByArgument, Node, registerNode } from '../schema/node.js';
import { User } from '../users/schema.js';
import { organizationRoles, roleResources, roleUsers, userRoles } from './lists.js';

/** A set of resources that users get together. */
export const Role = builder.prismaObject('Role', {
  description: 'A role: grants its resources to the users that are assigned to it.',
  interfaces: [Node],
  fields: (t) => ({
    name: t.exposeString('name', { description: 'For people.' }),
    description: t.exposeString('description', { nullable: true, description: 'What the role is for.' }),
    resources: t.field({
      type: RoleResourcesConnection,
      description: 'What the role grants.',
      args: pageArgs(t.arg),
      extensions: pageExtensions(roleResources),
      resolve: ({ id }, page, context) => connect(context, roleResources, id, page),
    }),
    users: t.field({
      type: RoleUsersConnection,
      description: 'The users assigned to the role. A caller who may see only itself finds only itself here.',
      args: pageArgs(t.arg),
      extensions: pageExtensions(roleUsers),
      resolve: ({ id }, page, context) => {
        const self = confinedTo(getPrincipal(context));
        return connect(context, roleUsers, id, page, self === null ? [] : [Prisma.sql`h.user_id = ${self}`]);
      },
    }),
  }),
});

registerNode('role', 'Role', (context, ids) => {
  const principal = getPrincipal(context);
  const self = confinedTo(principal);
  return context.database.prisma.role.findMany({
    where: {
      id: { in: ids },
      organizationId: principal.organization.id,
      ...(self !== null && { users: { some: { userId: self } } }),
    },
  });
});

const RoleConnection = connectionType({
  name: 'Role',
  node: Role,
  description: 'Roles, in the order of their ids.',
  nodeDescription: 'The role.',
});

const UserRolesConnection = connectionType({
  name: 'UserRoles',
  node: Role,
  description: 'The roles that a user is assigned to, in the order of their ids.',
  nodeDescription: 'The role.',
});

const RoleUsersConnection = connectionType({
  name: 'RoleUsers',
  node: User,
  description: 'The users assigned to a role, in the order of their ids.',
  nodeDescription: 'The user.',
});

const RoleResourcesConnection = connectionType({
  name: 'RoleResources',
  node: Resource,
  description: 'The resources that a role grants, in the order of their ids.',
  nodeDescription: 'The resource.',
});

builder.prismaObjectField(User, 'roles', (t) =>
  t.field({
    type: UserRolesConnection,
    description: 'The roles that the user is assigned to.',
    args: pageArgs(t.arg),
    extensions: pageExtensions(userRoles),
    resolve: ({ id }, page, context) => connect(context, userRoles, id, page),
  }),
);

builder.queryFields((t) => ({
  role: t.field({
    type: Role,
    nullable: true,
    description: 'A role of the caller’s organization; null when there is none that the caller may see.',
    args: { id: t.arg.id({ required: true, description: 'The role’s id: `role_…`.' }) },
    resolve: (_root, { id }, context) => findByArgument<RoleModel>(context, 'role', id),
  }),
  roles: t.field({
    type: RoleConnection,
    description: 'The roles of the caller’s organization; only its own for a caller who may see only itself.',
    args: pageArgs(t.arg),
    extensions: pageExtensions(organizationRoles),
    resolve: (_root, page, context) => {
      const principal = getPrincipal(context);
      const self = confinedTo(principal);
      const isHeld = Prisma.sql`exists (select from role_users h where h.role_id = r.id and h.user_id = ${self})`;
      return connect(context, organizationRoles, principal.organization.id, page, self === null ? [] : [isHeld]);
    },
  }),
}));
