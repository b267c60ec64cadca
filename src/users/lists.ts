import { confinedTo } from '../auth/caller.js';
import type { Principal } from '../auth/principal.js';
import type { List } from '../database/lists.js';
import { nodes } from '../database/nodes.js';
import { Prisma } from '../generated/prisma/client.js';
import type { GlobalRole } from '../generated/prisma/enums.js';

export const organizationUsers: List = {
  from: 'users u',
  parent: 'u.organization_id',
  key: ['u.id'],
  keyTypes: ['text'],
  hasModels: true,
  columns: `${nodes.user} as node`,
};

/** Which users are asked for; what is null doesn't matter. */
export interface UserFilter {
  readonly search: string | null;
  readonly projectId: string | null;
  readonly roleId: string | null;
  readonly globalRole: GlobalRole | null;
}

const { sql } = Prisma;

/** The users that match `filter`, within what the caller may see. */
export function userConditions(principal: Principal, filter: UserFilter): Prisma.Sql[] {
  const { search, projectId, roleId, globalRole } = filter;
  const self = confinedTo(principal);
  return [
    ...(self !== null ? [sql`u.id = ${self}`] : []),
    ...(search ? [sql`position(lower(${search}::text) in lower(u.login || ' ' || coalesce(u.name, ''))) > 0`] : []),
    ...(projectId
      ? [sql`exists (select from project_members m where m.project_id = ${projectId} and m.user_id = u.id)`]
      : []),
    ...(roleId ? [sql`exists (select from role_users h where h.role_id = ${roleId} and h.user_id = u.id)`] : []),
    ...(globalRole ? [sql`u.global_roles @> array[${globalRole}::global_role]`] : []),
  ];
}
