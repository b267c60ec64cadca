import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { PrismaPg } from '@prisma/adapter-pg';
import { jwtVerify } from 'jose';
import { v7 as uuid } from 'uuid';
import { PrismaClient } from '../../src/generated/prisma/client.js';

// What most teams would write: Apollo Server, a resolver a field, Prisma's relations, an interactive transaction that
// checks, deletes and records. (The removal is not safe in a race: it is here for its price.) Settings as the gateway's.

const { PORT, DATABASE_URL, JWT_SECRET = '', JWT_ISSUER = '', JWT_AUDIENCE = '' } = process.env;
const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: DATABASE_URL, max: 10 }) });
const secret = new TextEncoder().encode(JWT_SECRET);

const typeDefs = `#graphql
  type Query { user(by: UserReference!): User  users(first: Int!): UserConnection! }
  type Mutation { unassignUserFromRole(input: UnassignUserFromRoleInput!): UnassignUserFromRoleResult! }
  input UserReference { id: ID  login: String }
  input UnassignUserFromRoleInput { roleId: ID!  user: UserReference! }
  interface AccessError { code: String!  message: String! }
  type UserNotAssignedError implements AccessError { code: String!  message: String! }
  type ForbiddenError implements AccessError { code: String!  message: String! }
  type UnassignUserFromRoleSuccess {
    applied: Boolean!  sessionEffect: String!  canStartSession: Boolean!  user: User  role: Role  revocation: Revocation
  }
  union UnassignUserFromRoleResult = UnassignUserFromRoleSuccess | UserNotAssignedError | ForbiddenError
  type Revocation { id: ID!  state: String! }
  type PageInfo { hasNextPage: Boolean!  endCursor: String }
  type User {
    id: ID!  login: String!  name: String
    projects(first: Int): UserProjects!  roles(first: Int): UserRoles!  resources(first: Int): UserResources!
  }
  type UserConnection { edges: [UserEdge!]!  pageInfo: PageInfo! }
  type UserEdge { node: User! }
  type UserProjects { edges: [UserProjectEdge!]! }
  type UserProjectEdge { role: String!  node: Project! }
  type UserRoles { edges: [UserRoleEdge!]! }
  type UserRoleEdge { node: Role! }
  type UserResources { edges: [UserResourceEdge!]! }
  type UserResourceEdge { direct: Boolean!  node: Resource!  roles: [Role!]! }
  type Project { id: ID!  name: String! }
  type Role { id: ID!  name: String! }
  type Resource { id: ID!  name: String! }
`;

interface Context {
  readonly organizationId: string;
  readonly actor: string;
  readonly isAdministrator: boolean;
}

interface Person {
  readonly id: string;
}

const notAssigned = { __typename: 'UserNotAssignedError', code: 'NOT_ASSIGNED', message: 'The user is not assigned.' };

async function unassign(roleId: string, userId: string, { organizationId, actor }: Context) {
  return prisma.$transaction(async (tx) => {
    const user = await tx.user.findFirst({ where: { id: userId, organizationId } });
    const role = await tx.role.findFirst({ where: { id: roleId, organizationId } });
    const { count } = await tx.roleUser.deleteMany({ where: { userId, roleId } });
    const revocation = await tx.revocation.create({
      data: {
        ...{ id: `rev_${uuid()}`, organizationId, kind: 'ROLE', actor, credential: 'BEARER', traceId: 'x' },
        ...{ state: count === 1 ? 'DONE' : 'REFUSED', code: count === 1 ? null : 'NOT_ASSIGNED' },
        ...{ userId, roleId, requestedUser: userId, requestedTarget: roleId },
        ...{ requestedAt: new Date(), settledAt: new Date() },
      },
    });
    if (count === 0) {
      return notAssigned;
    }
    const sessions = await tx.session.findMany({ where: { userId, endedAt: null, expiresAt: { gt: new Date() } } });
    const canStartSession = (await tx.projectMember.count({ where: { userId } })) > 0;
    const sessionEffect = sessions.length > 0 ? 'CONTINUE_UNTIL_EXPIRY' : 'NONE';
    return {
      ...{ __typename: 'UnassignUserFromRoleSuccess', applied: true, sessionEffect, canStartSession },
      ...{ user, role, revocation },
    };
  });
}

const resolvers = {
  Query: {
    user: (_: unknown, { by }: { by: { login: string } }, { organizationId }: Context) =>
      prisma.user.findFirst({ where: { login: by.login, organizationId } }),
    users: async (_: unknown, { first }: { first: number }, { organizationId }: Context) => {
      const where = { organizationId };
      const found = await prisma.user.findMany({ where, take: first + 1, orderBy: { id: 'asc' } });
      const nodes = found.slice(0, first);
      const pageInfo = { hasNextPage: found.length > first, endCursor: nodes.at(-1)?.id };
      return { edges: nodes.map((node) => ({ node })), pageInfo };
    },
  },
  Mutation: {
    unassignUserFromRole: (
      _: unknown,
      { input }: { input: { roleId: string; user: { id: string } } },
      context: Context,
    ) => unassign(input.roleId, input.user.id, context),
  },
  User: {
    projects: async ({ id: userId }: Person) => {
      const edges = await prisma.projectMember.findMany({ where: { userId }, include: { project: true } });
      return { edges: edges.map(({ role, project }) => ({ role, node: project })) };
    },
    roles: async ({ id: userId }: Person) => {
      const edges = await prisma.roleUser.findMany({ where: { userId }, include: { role: true } });
      return { edges: edges.map(({ role }) => ({ node: role })) };
    },
    resources: async ({ id: userId }: Person) => {
      const direct = await prisma.userResource.findMany({ where: { userId }, include: { resource: true } });
      const held = await prisma.roleUser.findMany({
        where: { userId },
        include: { role: { include: { resources: { include: { resource: true } } } } },
      });
      const edges = new Map(direct.map(({ resource }) => [resource.id, toEdge(resource, true)]));
      for (const { role } of held) {
        for (const { resource } of role.resources) {
          const edge = edges.get(resource.id) ?? toEdge(resource, false);
          edge.roles.push(role);
          edges.set(resource.id, edge);
        }
      }
      return { edges: [...edges.values()] };
    },
  },
};

const toEdge = (node: Person, direct: boolean) => ({ node, direct, roles: [] as Person[] });

const server = new ApolloServer<Context>({ typeDefs, resolvers });
await startStandaloneServer(server, {
  listen: { port: Number(PORT), host: '127.0.0.1' },
  context: async ({ req }) => {
    const options = { issuer: JWT_ISSUER, audience: JWT_AUDIENCE, algorithms: ['HS256'] };
    const { payload } = await jwtVerify(req.headers.authorization?.slice('Bearer '.length) ?? '', secret, options);
    const caller = await prisma.user.findFirst({ where: { subject: String(payload.sub) } });
    if (!caller?.active) {
      throw new Error('not authenticated');
    }
    const roles = Array.isArray(payload['roles']) ? payload['roles'] : [];
    return {
      ...{ organizationId: String(payload['org']), actor: caller.id },
      isAdministrator: roles.includes('ORG_ADMIN'),
    };
  },
});
