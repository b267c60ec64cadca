import type { List } from '../database/lists.js';
import { nodes } from '../database/nodes.js';
import { Prisma } from '../generated/prisma/client.js';

const { sql } = Prisma;

export const organizationRoles: List = {
  from: 'roles r',
  parent: 'r.organization_id',
  key: ['r.id'],
  keyTypes: ['text'],
  hasModels: true,
  columns: `${nodes.role} as node`,
};

export const userRoles: List = {
  from: 'role_users h join roles r on r.id = h.role_id',
  parent: 'h.user_id',
  key: ['h.role_id'],
  keyTypes: ['text'],
  hasModels: true,
  columns: `${nodes.role} as node`,
};

export const roleUsers: List = {
  from: 'role_users h join users u on u.id = h.user_id',
  parent: 'h.role_id',
  key: ['h.user_id'],
  keyTypes: ['text'],
  hasModels: true,
  columns: `${nodes.user} as node`,
};

export const roleResources: List = {
  from: 'role_resources g join resources n on n.id = g.resource_id',
  parent: 'g.role_id',
  key: ['g.resource_id'],
  keyTypes: ['text'],
  hasModels: true,
  columns: `${nodes.resource} as node`,
};

/** Everything that a user reaches, with what it is reached through: `direct`, and `roles` in the order of their ids. */
export const userResources: List = {
  from: `(
    select user_id, resource_id, bool_or(role_id is null) as direct,
           coalesce(json_agg(role order by role_id) filter (where role_id is not null), '[]') as roles
    from (
      select d.user_id, d.resource_id, null as role_id, null as role from user_resources d
      union all
      select h.user_id, g.resource_id, r.id, ${nodes.role} from role_users h
      join roles r on r.id = h.role_id join role_resources g on g.role_id = h.role_id
    ) granted
    group by user_id, resource_id
  ) reached join resources n on n.id = reached.resource_id`,
  parent: 'reached.user_id',
  key: ['reached.resource_id'],
  keyTypes: ['text'],
  hasModels: true,
  columns: `${nodes.resource} as node, reached.direct, reached.roles`,
};

/** Of {@link roleResources}: what a user reaches another way than through this role. */
export const reachedAnotherWay = (userId: string, roleId: string) => sql`(
  exists (select from user_resources d where d.user_id = ${userId} and d.resource_id = g.resource_id)
  or exists (
    select from role_users h join role_resources other on other.role_id = h.role_id
    where h.user_id = ${userId} and other.resource_id = g.resource_id and h.role_id <> ${roleId}
  )
)`;

/** Of {@link roleResources}: what a user reaches through this role alone. */
export const reachedOnlyThus = (userId: string, roleId: string) => sql`not ${reachedAnotherWay(userId, roleId)}`;
