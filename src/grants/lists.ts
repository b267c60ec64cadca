import type { List } from '../database/lists.js';

/**
 * Removals and grants together. The columns that conditions are about bear the names of those of revocations, so that
 * these conditions hold for both; each half is walked along its own index.
 */
export const organizationAccessChanges: List = {
  from: `(
    select r.organization_id, r.requested_at, r.id, r.user_id, r.kind, r.state, to_jsonb(r) as node from revocations r
    union all
    select g.organization_id, g.requested_at, g.id, g.user_id, g.kind, g.state, to_jsonb(g) as node from grants g
  ) v`,
  parent: 'v.organization_id',
  key: ['v.requested_at', 'v.id'],
  keyTypes: ['timestamptz', 'text'],
  descending: true,
  columns: 'v.node',
};
