import type {
  Grant as GrantModel,
  Project as ProjectModel,
  Resource as ResourceModel,
  Revocation as RevocationModel,
  Role as RoleModel,
  User as UserModel,
} from '../generated/prisma/client.js';
import type { RevocationKind, RevocationState } from '../generated/prisma/enums.js';
import { Project } from '../projects/schema.js';
import { Resource } from '../resources/schema.js';
import { Role } from '../roles/schema.js';
import { builder } from '../schema/builder.js';
import { UpstreamSystem } from '../schema/errors.js';
import { GlobalRoleEnum } from '../schema/global-role.js';
import { findNode, typeNameOf } from '../schema/node.js';
import { User } from '../users/schema.js';

export const KindEnum = builder.enumType('RevocationKind', {
  description: 'What was to be taken away, or to be given.',
  values: {
    PROJECT: { description: 'The assignment to a project.' },
    ROLE: { description: 'The assignment to a role.' },
    GLOBAL_ROLE: { description: 'A global role.' },
    RESOURCE: { description: 'A resource that was granted to the user directly.' },
  } satisfies Record<RevocationKind, object>,
});

export const StateEnum = builder.enumType('RevocationState', {
  description: 'How a removal or a grant stands.',
  values: {
    DONE: { description: 'It was done.' },
    REFUSED: { description: 'It was not; `code` says why.' },
    PENDING: {
      description:
        'The system that owns it is being asked, or may or may not have done it: the gateway finds out. The access counts ' +
        'as gone meanwhile: what is taken away comes back if that is refused, and what is given comes once it is done.',
    },
  } satisfies Record<RevocationState, object>,
});

/** What the records of removals and of grants have in common. */
export const AccessChange = builder.interfaceRef<RevocationModel | GrantModel>('AccessChange').implement({
  description:
    'One removal or grant that a known caller asked for: who, what, why, and how it ended. Never changed once settled.',
  resolveType: ({ id }) => typeNameOf(id),
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Readable: `rev_…` of a removal, `grant_…` of a grant.' }),
    kind: t.expose('kind', {
      type: KindEnum,
      nullable: true,
      description: 'What was to be taken away, or given. Null where a removal was to be restored that is not there.',
    }),
    state: t.expose('state', {
      type: StateEnum,
      description: 'How it stands. Once it is not PENDING, that is how it ended.',
    }),
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
    projectRole: t.exposeString('projectRole', {
      nullable: true,
      description: 'The user’s role in the project. Null where it was not about a project, or the role is not known.',
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
    resource: t.field({
      type: Resource,
      nullable: true,
      description: 'Null where it was not about a resource, or about one that is not there or the caller may not see.',
      resolve: ({ resourceId }, _args, context) => (resourceId ? findNode<ResourceModel>(context, resourceId) : null),
    }),
    system: t.expose('system', {
      type: UpstreamSystem,
      nullable: true,
      description: 'The system that carries it out; null where the directory is the authority.',
    }),
    upstreamTraceId: t.exposeString('upstreamTraceId', {
      nullable: true,
      description: 'The system’s own correlation id, for its support; null until it told one.',
    }),
    requestedUser: t.exposeString('requestedUser', {
      nullable: true,
      description: 'The user as the caller named it: an id or a login. Null where a removal was to be restored.',
    }),
    requestedTarget: t.exposeString('requestedTarget', {
      description: 'The project, role, global role, or the removal to restore, as the caller named it.',
    }),
    actor: t.exposeString('actor', {
      description:
        'The caller: a user’s id, or a management token’s id; `subject:` and the `sub` of a token whose subject is not ' +
        'in the directory; `cli:` and an account of the machine for the command line.',
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
