import { getPrincipal } from '../auth/caller.js';
import { Feature } from '../generated/prisma/enums.js';
import { builder } from '../schema/builder.js';
import { PaymentRequiredError } from '../schema/errors.js';
import { Node, registerNode } from '../schema/node.js';

/** Parts of a plan. */
const FeatureEnum = builder.enumType('Feature', {
  description: 'A part of an organization’s plan that some operations need.',
  values: {
    [Feature.MANAGEMENT_API]: { description: 'Management tokens may be used: the API for automation.' },
  } satisfies Record<Feature, object>,
});

/** The tenant: everything belongs to exactly one. */
export const Organization = builder.prismaObject('Organization', {
  description:
    'A tenant. Everything belongs to exactly one; which one is taken from the credential, never from an argument.',
  interfaces: [Node],
  fields: (t) => ({
    name: t.exposeString('name', { description: 'For people.' }),
    features: t.expose('features', { type: [FeatureEnum], description: 'What its plan includes.' }),
  }),
});

registerNode('org', 'Organization', async (context, ids) => {
  const { organization } = getPrincipal(context);
  return ids.includes(organization.id)
    ? context.database.prisma.organization.findMany({ where: { id: organization.id } })
    : [];
});

builder.objectField(PaymentRequiredError, 'feature', (t) =>
  t.expose('feature', {
    type: FeatureEnum,
    nullable: true,
    description: 'The feature that is missing; null where a quota is used up, or another system says so and not which.',
  }),
);
