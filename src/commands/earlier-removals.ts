import type { Database } from '../database/database.js';
import type { OffboardingAnswer } from '../offboarding.js';

type Answer = Pick<OffboardingAnswer, 'offboarding' | 'user'>;

/**
 * The removals from a user that were under way before it is off-boarded. They are no steps of the off-boarding, which has
 * nothing left to take there: but what isn't settled may be refused yet, and then the user has it again.
 */
export async function findEarlier(database: Database, { offboarding, user }: Answer): Promise<readonly string[]> {
  const found = await database.query<{ id: string }>(
    `select id from revocations
     where organization_id = $1 and user_id = $2 and state = 'PENDING' and offboarding_id is distinct from $3`,
    [user.organizationId, user.id, offboarding.id],
  );
  return found.map(({ id }) => id);
}

/** How they have ended, so far. */
export async function countEarlier(database: Database, ids: readonly string[]) {
  if (ids.length === 0) {
    return { pending: 0, done: 0 };
  }
  const [counts] = await database.query<{ pending: number; done: number }>(
    `select (count(*) filter (where state = 'PENDING'))::integer as pending,
       (count(*) filter (where state = 'DONE'))::integer as done
     from revocations where id = any($1::text[])`,
    [ids],
  );
  return counts ?? { pending: 0, done: 0 };
}
