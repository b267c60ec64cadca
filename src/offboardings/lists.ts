import type { List } from '../database/lists.js';

export const organizationOffboardings: List = {
  from: 'offboardings o',
  parent: 'o.organization_id',
  key: ['o.started_at', 'o.id'],
  keyTypes: ['timestamptz', 'text'],
  descending: true,
  columns: 'describe_offboarding(o) as node',
};

/** What was taken away by an off-boarding. */
export const offboardingRevocations: List = {
  from: 'revocations v',
  parent: 'v.offboarding_id',
  key: ['v.requested_at', 'v.id'],
  keyTypes: ['timestamptz', 'text'],
  descending: true,
  columns: 'to_jsonb(v) as node',
};
