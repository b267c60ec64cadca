import { getPrincipal } from '../auth/caller.js';
import type { Context } from '../context.js';
import type { Revocation as RevocationModel, User as UserModel } from '../generated/prisma/client.js';
import {
  findOffboardings,
  type Offboarding as OffboardingModel,
  type OffboardingState,
  settledAtOf,
  stateOf,
} from '../offboarding.js';
import { permissions } from '../permissions.js';
import { Revocation, RevocationConnection } from '../revocations/schema.js';
import { builder } from '../schema/builder.js';
import { connect, connectionType, pageArgs, pageExtensions } from '../schema/connections.js';
import { findByArgument, findNode, Node, registerNode } from '../schema/node.js';
import { ask } from '../schema/plugins/rules.js';
import { User } from '../users/schema.js';
import { offboardingRevocations, organizationOffboardings } from './lists.js';

const StateEnum = builder.enumType('OffboardingState', {
  description: 'How an off-boarding stands.',
  values: {
    RUNNING: { description: 'Some of what was to be taken away is PENDING: other systems have yet to do it.' },
    DONE: { description: 'Everything was taken away.' },
    NEEDS_ATTENTION: { description: 'Nothing is PENDING, and something was refused: the user still has it there.' },
  } satisfies Record<OffboardingState, object>,
});

const Progress = builder.objectRef<OffboardingModel>('OffboardingProgress').implement({
  description: 'How far an off-boarding is, in revocations.',
  fields: (t) => ({
    total: t.exposeInt('total', { description: 'All of them.' }),
    done: t.exposeInt('done', { description: 'Taken away.' }),
    refused: t.exposeInt('refused', { description: 'Not taken away: their `code` says why.' }),
    pending: t.exposeInt('pending', { description: 'Under way, or of unknown outcome.' }),
  }),
});

/** One user who leaves. */
export const Offboarding = builder.objectRef<OffboardingModel>('Offboarding').implement({
  description:
    'One user who leaves: everything that was taken away by one `offboardUser`. Its state and progress are those of its ' +
    'revocations at this moment.',
  interfaces: [Node],
  fields: (t) => ({
    user: t.field({
      type: User,
      nullable: true,
      description: 'Who leaves. Null where the caller may not see it.',
      resolve: ({ userId }, _args, context) => findNode<UserModel>(context, userId),
    }),
    state: t.field({ type: StateEnum, description: 'How it stands.', resolve: stateOf }),
    progress: t.field({ type: Progress, description: 'How far it is.', resolve: (offboarding) => offboarding }),
    revocations: t.field({
      type: RevocationConnection,
      description: 'What was taken away, each with how that ended. Empty on a dry run.',
      args: pageArgs(t.arg),
      extensions: pageExtensions(offboardingRevocations),
      resolve: ({ id }, page, context) => connect(context, offboardingRevocations, id, page),
    }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When it was asked for.' }),
    settledAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the last of it was done or refused; null while it is RUNNING.',
      resolve: settledAtOf,
    }),
    actor: t.exposeString('actor', {
      description:
        'The caller: a user’s id; `subject:` and the `sub` of a token whose subject is not in the directory; `cli:` and ' +
        'an account of the machine for the command line.',
    }),
    reason: t.exposeString('reason', { nullable: true, description: 'Why the caller wanted it, in its own words.' }),
    traceId: t.exposeID('traceId', { description: 'Leads to the request in the log.' }),
  }),
});

/** Off-boardings are for administrators of the organization, whatever way leads to them. */
async function find(context: Context, ids: readonly string[]): Promise<OffboardingModel[]> {
  const mayRead = (await ask(permissions.Query.offboarding.rule, context)) === true;
  return mayRead ? findOffboardings(context.database, getPrincipal(context).organization.id, ids) : [];
}

registerNode('off', 'Offboarding', find);

const OffboardingConnection = connectionType({
  name: 'Offboarding',
  node: Offboarding,
  description: 'Off-boardings, newest first.',
  nodeDescription: 'The off-boarding.',
});

builder.queryFields((t) => ({
  offboarding: t.field({
    type: Offboarding,
    nullable: true,
    description: 'One off-boarding; null when the organization has no such one. Needs ORG_ADMIN.',
    args: { id: t.arg.id({ required: true, description: 'Its id: `off_…`.' }) },
    resolve: (_root, { id }, context) => findByArgument<OffboardingModel>(context, 'off', id),
  }),
  offboardings: t.field({
    type: OffboardingConnection,
    description: 'Every off-boarding of the organization, newest first. Needs ORG_ADMIN.',
    args: pageArgs(t.arg),
    extensions: pageExtensions(organizationOffboardings),
    resolve: (_root, page, context) =>
      connect(context, organizationOffboardings, getPrincipal(context).organization.id, page),
  }),
}));

builder.prismaObjectField(Revocation, 'offboarding', (t) =>
  t.field({
    type: Offboarding,
    nullable: true,
    description: 'The off-boarding that it is a step of; null where it is none, or the caller may not see it.',
    resolve: ({ offboardingId }: RevocationModel, _args, context) =>
      offboardingId ? findNode<OffboardingModel>(context, offboardingId) : null,
  }),
);
