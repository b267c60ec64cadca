import { LastAdministratorError } from '../errors.js';
import type {
  Project as ProjectModel,
  Resource as ResourceModel,
  Role as RoleModel,
} from '../generated/prisma/client.js';
import type { OffboardingAnswer, OffboardingStep } from '../offboarding.js';
import { Project } from '../projects/schema.js';
import { Resource } from '../resources/schema.js';
import { KindEnum, StateEnum } from '../revocations/access-change.js';
import { SessionEffectEnum } from '../revocations/removal-types.js';
import { Role } from '../roles/schema.js';
import { builder } from '../schema/builder.js';
import { everyChange, UpstreamSystem } from '../schema/errors.js';
import { GlobalRoleEnum } from '../schema/global-role.js';
import { findNode } from '../schema/node.js';
import { UserReference } from '../schema/user-reference.js';
import { Session } from '../sessions/schema.js';
import { offboardUser } from './offboard-user.js';
import { Offboarding } from './schema.js';

const Input = builder.inputType('OffboardUserInput', {
  description: 'Who leaves.',
  fields: (t) => ({
    user: t.field({ type: UserReference, required: true, description: 'Who leaves.' }),
    reason: t.string({ description: 'Kept in the audit trail, with each revocation. At most 500 characters.' }),
    dryRun: t.boolean({
      required: true,
      defaultValue: false,
      description: 'Answer what would go, and change and record nothing.',
    }),
  }),
});

const Step = builder.objectRef<OffboardingStep>('OffboardingStep').implement({
  description: 'One thing that is (would be) taken away, and how that begins.',
  fields: (t) => ({
    kind: t.expose('kind', { type: KindEnum, description: 'What it is.' }),
    state: t.expose('state', {
      type: StateEnum,
      description: 'DONE at once, PENDING where another system has yet to do it, or REFUSED where it can’t be asked.',
    }),
    code: t.exposeString('code', {
      nullable: true,
      description:
        'Why it is refused, else null: UPSTREAM_REJECTED where the system can’t know the user or the target by that ' +
        'name, CONFLICT where somebody else’s request of the same is under way there.',
    }),
    system: t.expose('system', {
      type: UpstreamSystem,
      nullable: true,
      description: 'The system that carries it out; null where the directory is the authority.',
    }),
    target: t.exposeString('target', { description: 'The id of the project, role or resource; the global role.' }),
    project: t.field({
      type: Project,
      nullable: true,
      description: 'The project, where it is one of the directory.',
      resolve: ({ projectId }, _args, context) => (projectId ? findNode<ProjectModel>(context, projectId) : null),
    }),
    role: t.field({
      type: Role,
      nullable: true,
      description: 'The role, where it is one of the directory.',
      resolve: ({ roleId }, _args, context) => (roleId ? findNode<RoleModel>(context, roleId) : null),
    }),
    globalRole: t.expose('globalRole', {
      type: GlobalRoleEnum,
      nullable: true,
      description: 'The global role, if it is one.',
    }),
    resource: t.field({
      type: Resource,
      nullable: true,
      description: 'The resource that was granted directly, if it is one.',
      resolve: ({ resourceId }, _args, context) => (resourceId ? findNode<ResourceModel>(context, resourceId) : null),
    }),
  }),
});

const Success = builder.objectRef<OffboardingAnswer>('OffboardUserSuccess').implement({
  description:
    'The user is deactivated, and what the directory owns is taken away (on a dry run: would be). What other systems own ' +
    'goes on: follow the off-boarding.',
  fields: (t) => ({
    applied: t.exposeBoolean('applied', { description: 'False on a dry run.' }),
    offboarding: t.field({
      type: Offboarding,
      description:
        'The off-boarding, and how it stands. On a dry run as it would begin: it is on no record, and its id leads nowhere.',
      resolve: ({ offboarding }) => offboarding,
    }),
    steps: t.field({
      type: [Step],
      description: 'What is (would be) taken away.',
      resolve: ({ steps }) => [...steps],
    }),
    sessionEffect: t.expose('sessionEffect', {
      type: SessionEffectEnum,
      description: 'What happened (would happen) to the sessions of the user.',
    }),
    sessions: t.field({
      type: [Session],
      description: 'The sessions that were (would be) ended.',
      resolve: ({ sessions }) => [...sessions],
    }),
  }),
});

builder.mutationField('offboardUser', (t) =>
  t.field({
    type: Success,
    description:
      'Off-boards a user: deactivates it, ends its sessions, refuses its credentials, and takes away every project, role, ' +
      'direct grant and global role, each as a revocation of its own. The last active user with ADMIN can’t be off-boarded. ' +
      'What other systems own is taken away after the answer: `offboardingProgress` follows it. Needs ORG_ADMIN.',
    args: { input: t.arg({ type: Input, required: true, description: 'Who leaves.' }) },
    errors: {
      types: [...everyChange, LastAdministratorError],
      union: {
        name: 'OffboardUserResult',
        description: 'What `offboardUser` answers: its success, or an `AccessError`.',
      },
    },
    resolve: (_root, { input }, context) => offboardUser(context, input),
  }),
);
