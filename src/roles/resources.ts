import type { ObjectFieldBuilder } from '@pothos/core';
import type { Context } from '../context.js';
import type { Row } from '../database/lists.js';
import type { RemovalAnswer } from '../removal.js';
import { Resource } from '../resources/schema.js';
import { builder, type Types } from '../schema/builder.js';
import { connect, connectionType, forwardArgs, pageArgs, pageExtensions } from '../schema/connections.js';
import { User } from '../users/schema.js';
import { findGrants, type Grants } from './grants.js';
import { reachedAnotherWay, reachedOnlyThus, roleResources, userResources } from './lists.js';
import { Role } from './schema.js';

// What a user reaches, and through what: the graph behind "lost" and "kept".

/** What a row of the kept resources carries beside its node: whose access it is, and the role that doesn't count. */
interface Facts {
  readonly userId: string;
  readonly exceptRole: string;
}

function grantsOf(row: Row, context: Context) {
  const { userId, exceptRole, node } = row as unknown as Facts & { node: { id: string } };
  return findGrants(context, userId, node.id, exceptRole);
}

/** The fields that tell through what a resource is reached. */
const grantFields =
  (find: (row: Row, context: Context) => Grants | Promise<Grants>) => (t: ObjectFieldBuilder<Types, Row>) => ({
    direct: t.boolean({
      description: 'Whether the user holds a grant of its own, beside any role.',
      resolve: async (row, _args, context) => (await find(row, context)).direct,
    }),
    roles: t.field({
      type: [Role],
      description: 'The roles of the user that grant the resource; none where it is a direct grant only.',
      resolve: async (row, _args, context) => [...(await find(row, context)).roles],
    }),
  });

const UserResourcesConnection = connectionType({
  name: 'UserResources',
  node: Resource,
  description: 'Everything that a user reaches, through a direct grant, roles, or both; in the order of the ids.',
  nodeDescription: 'The resource.',
  edgeFields: grantFields((row) => row as unknown as Grants),
});

builder.prismaObjectField(User, 'resources', (t) =>
  t.field({
    type: UserResourcesConnection,
    description: 'Everything that the user reaches, and through what.',
    args: pageArgs(t.arg),
    extensions: pageExtensions(userResources),
    resolve: ({ id }, page, context) => connect(context, userResources, id, page),
  }),
);

const LostResourcesConnection = connectionType({
  name: 'LostResources',
  node: Resource,
  description: 'What a user reached through the removed role alone, in the order of the ids.',
  nodeDescription: 'The resource that is out of reach now.',
});

const KeptResourcesConnection = connectionType({
  name: 'KeptResources',
  node: Resource,
  description: 'What the removed role granted and the user still reaches, in the order of the ids.',
  nodeDescription: 'The resource that is still reached.',
  edgeFields: grantFields(grantsOf),
});

/** The two halves of what the role of a removal grants. A user who wasn't assigned to it loses nothing. */
export const lostAndKept = (t: ObjectFieldBuilder<Types, RemovalAnswer>) => ({
  lostResources: t.field({
    type: LostResourcesConnection,
    description: 'Reached through this role alone: out of reach now.',
    args: forwardArgs(t.arg),
    extensions: pageExtensions(roleResources),
    resolve: ({ user, role, assigned }, page, context) =>
      connect(context, roleResources, assigned ? (role?.id ?? '') : '', page, [
        reachedOnlyThus(user?.id ?? '', role?.id ?? ''),
      ]),
  }),
  keptResources: t.field({
    type: KeptResourcesConnection,
    description: 'Granted by this role and still reached another way.',
    args: forwardArgs(t.arg),
    extensions: pageExtensions(roleResources),
    resolve: ({ user, role }, page, context) => {
      const facts: Facts = { userId: user?.id ?? '', exceptRole: role?.id ?? '' };
      const conditions = [reachedAnotherWay(facts.userId, facts.exceptRole)];
      return connect(context, roleResources, facts.exceptRole, page, conditions, facts);
    },
  }),
});
