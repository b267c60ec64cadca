import type { Context } from '../context.js';
import { nodes } from '../database/nodes.js';
import { Prisma, type Role } from '../generated/prisma/client.js';

/** Through what a user reaches a resource. */
export interface Grants {
  readonly direct: boolean;
  readonly roles: readonly Role[];
}

/** Through what the user reaches the resource, leaving one role out of account. All edges of a page share a statement. */
export function findGrants({ reads, batches }: Context, userId: string, resourceId: string, exceptRole: string) {
  // Ids hold no space.
  return batches.load(`grants ${exceptRole}`, `${userId} ${resourceId}`, async (pairs): Promise<Grants[]> => {
    const ids = pairs.map((pair) => pair.split(' '));
    const rows = await reads.find<Grants>(Prisma.sql`
      select exists (
               select from user_resources d where d.user_id = pair.user_id and d.resource_id = pair.resource_id
             ) as direct,
             array(
               select ${Prisma.raw(nodes.role)} from role_users h
               join role_resources g on g.role_id = h.role_id join roles r on r.id = h.role_id
               where h.user_id = pair.user_id and g.resource_id = pair.resource_id and h.role_id <> ${exceptRole}
               order by r.id
             ) as roles
      from unnest(${ids.map(([user]) => user)}::text[], ${ids.map(([, resource]) => resource)}::text[])
        with ordinality as pair(user_id, resource_id, place)
      order by pair.place`);
    return [...rows];
  });
}
