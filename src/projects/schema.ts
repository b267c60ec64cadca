import { confinedTo, getPrincipal } from '../auth/caller.js';
import { Prisma, type Project as ProjectModel } from '../generated/prisma/client.js';
import { builder } from '../schema/builder.js';
import { connect, connectionType, pageArgs, pageExtensions } from '../schema/connections.js';
import { LastProjectError } from '../schema/errors.js';
import { findByArgument, Node, registerNode } from '../schema/node.js';
import { User } from '../users/schema.js';
import { organizationProjects, projectMembers, userProjects } from './lists.js';

/** Something that users are assigned to, each with a role in it. */
export const Project = builder.prismaObject('Project', {
  description: 'A project that users are assigned to. A user who is assigned to one only can’t be unassigned from it.',
  interfaces: [Node],
  fields: (t) => ({
    name: t.exposeString('name', { description: 'For people.' }),
    members: t.field({
      type: ProjectMembersConnection,
      description: 'The users assigned to the project. A caller who may see only itself finds only itself here.',
      args: pageArgs(t.arg),
      extensions: pageExtensions(projectMembers),
      resolve: ({ id }, page, context) => {
        const self = confinedTo(getPrincipal(context));
        return connect(context, projectMembers, id, page, self === null ? [] : [Prisma.sql`m.user_id = ${self}`]);
      },
    }),
  }),
});

registerNode('proj', 'Project', (context, ids) => {
  const principal = getPrincipal(context);
  const self = confinedTo(principal);
  return context.database.prisma.project.findMany({
    where: {
      id: { in: ids },
      organizationId: principal.organization.id,
      ...(self !== null && { members: { some: { userId: self } } }),
    },
  });
});

const ProjectConnection = connectionType({
  name: 'Project',
  node: Project,
  description: 'Projects, in the order of their ids.',
  nodeDescription: 'The project.',
});

const UserProjectsConnection = connectionType({
  name: 'UserProjects',
  node: Project,
  description: 'The projects that a user is assigned to, in the order of their ids.',
  nodeDescription: 'The project.',
  edgeFields: (t) => ({
    role: t.string({ description: 'The user’s role in this project.', resolve: ({ role }) => String(role) }),
  }),
});

const ProjectMembersConnection = connectionType({
  name: 'ProjectMembers',
  node: User,
  description: 'The users assigned to a project, in the order of their ids.',
  nodeDescription: 'The user.',
  edgeFields: (t) => ({
    role: t.string({ description: 'The user’s role in this project.', resolve: ({ role }) => String(role) }),
  }),
});

builder.prismaObjectField(User, 'projects', (t) =>
  t.field({
    type: UserProjectsConnection,
    description: 'The projects that the user is assigned to. The edge carries the user’s role in the project.',
    args: pageArgs(t.arg),
    extensions: pageExtensions(userProjects),
    resolve: ({ id }, page, context) => connect(context, userProjects, id, page),
  }),
);

builder.queryFields((t) => ({
  project: t.field({
    type: Project,
    nullable: true,
    description: 'A project of the caller’s organization; null when there is none that the caller may see.',
    args: { id: t.arg.id({ required: true, description: 'The project’s id: `proj_…`.' }) },
    resolve: (_root, { id }, context) => findByArgument<ProjectModel>(context, 'proj', id),
  }),
  projects: t.field({
    type: ProjectConnection,
    description: 'The projects of the caller’s organization; only its own for a caller who may see only itself.',
    args: pageArgs(t.arg),
    extensions: pageExtensions(organizationProjects),
    resolve: (_root, page, context) => {
      const principal = getPrincipal(context);
      const self = confinedTo(principal);
      const isMember = Prisma.sql`exists (select from project_members m where m.project_id = p.id and m.user_id = ${self})`;
      return connect(context, organizationProjects, principal.organization.id, page, self === null ? [] : [isMember]);
    },
  }),
}));

builder.objectField(LastProjectError, 'project', (t) =>
  t.field({
    type: Project,
    nullable: true,
    description: 'The project that the user keeps.',
    resolve: ({ project }) => project as ProjectModel | null,
  }),
);
