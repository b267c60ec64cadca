import { getPrincipal } from '../auth/caller.js';
import type { Context } from '../context.js';
import { NotFoundError } from '../errors.js';
import { id as idOf, parseInput } from '../grammar.js';
import { findOffboardings, type Offboarding as OffboardingModel } from '../offboarding.js';
import { followOffboarding } from '../offboarding-progress.js';
import { builder } from '../schema/builder.js';
import { Offboarding } from './schema.js';

builder.subscriptionType({
  description:
    'What changes, as server-sent events. Every field needs a credential, which is checked again before each event.',
});

builder.subscriptionField('offboardingProgress', (t) =>
  t.field({
    type: Offboarding,
    description:
      'An off-boarding as it is now, and again after each change, a few times a second at most. Ends when it is no longer ' +
      'RUNNING. Needs ORG_ADMIN.',
    args: { id: t.arg.id({ required: true, description: 'Its id: `off_…`.' }) },
    subscribe: (_root, { id }, context) => subscribe(context, parseInput(idOf('off'), id, 'id')),
    resolve: (offboarding) => offboarding,
  }),
);

async function subscribe(context: Context, id: string): Promise<AsyncIterable<OffboardingModel>> {
  const { organization, actor } = getPrincipal(context);
  const read = async () => {
    const [found] = await findOffboardings(context.database, organization.id, [id]);
    if (!found) {
      throw new NotFoundError('OFFBOARDING', id);
    }
    return found;
  };
  await read();
  const stream = context.openStream(`${organization.id} ${actor}`);
  return followOffboarding({ id, read, events: context.offboardings.events, stream });
}
