import { confinedTo } from '../auth/caller.js';
import type { Principal } from '../auth/principal.js';
import type { List } from '../database/lists.js';
import { Prisma } from '../generated/prisma/client.js';
import type { RevocationKind, RevocationState } from '../generated/prisma/enums.js';

export const organizationRevocations: List = {
  from: 'revocations v',
  parent: 'v.organization_id',
  key: ['v.requested_at', 'v.id'],
  keyTypes: ['timestamptz', 'text'],
  descending: true,
  columns: 'to_jsonb(v) as node',
};

/** Which revocations are asked for; what is null doesn't matter. */
export interface RevocationFilter {
  readonly userId: string | null;
  readonly kind: RevocationKind | null;
  readonly state: RevocationState | null;
}

const { sql } = Prisma;

/** The revocations that match `filter`, within what the caller may see: those of itself, or all. */
export function revocationConditions(principal: Principal, { userId, kind, state }: RevocationFilter): Prisma.Sql[] {
  const self = confinedTo(principal);
  return [
    ...(self !== null ? [sql`v.user_id = ${self}`] : []),
    ...(userId ? [sql`v.user_id = ${userId}`] : []),
    ...(kind ? [sql`v.kind = ${kind}::revocation_kind`] : []),
    ...(state ? [sql`v.state = ${state}::revocation_state`] : []),
  ];
}
