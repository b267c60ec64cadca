import type { List } from '../database/lists.js';
import { Prisma } from '../generated/prisma/client.js';

const { sql } = Prisma;

export const organizationRoles: List = {
  from: 'roles r',
  parent: 'r.organization_id',
  key: ['r.id'],
  keyTypes: ['text'],
  columns: 'to_jsonb(r) as node',
};

export const userRoles: List = {
  from: 'role_users h join roles r on r.id = h.role_id',
  parent: 'h.user_id',
  key: ['h.role_id'],
  keyTypes: ['text'],
  columns: 'to_jsonb(r) as node',
};

export const roleUsers: List = {
  from: 'role_users h join users u on u.id = h.user_id',
  parent: 'h.role_id',
  key: ['h.user_id'],
  keyTypes: ['text'],
  columns: 'to_jsonb(u) as node',
};

export const roleResources: List = {
  from: 'role_resources g join resources n on n.id = g.resource_id',
  parent: 'g.role_id',
  key: ['g.resource_id'],
  keyTypes: ['text'],
  columns: 'to_jsonb(n) as node',
};

export const userResources: List = {
  from: `(
    select d.user_id, d.resource_id from user_resources d
    union
    select h.user_id, g.resource_id from role_users h join role_resources g on g.role_id = h.role_id
  ) reached join resources n on n.id = reached.resource_id`,
  parent: 'reached.user_id',
  key: ['reached.resource_id'],
  keyTypes: ['text'],
  columns: 'to_jsonb(n) as node',
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
