import type { Database } from '../database/database.js';
import type { OffboardingAnswer } from '../offboarding.js';

type Answer = Pick<OffboardingAnswer, 'offboarding' | 'user'>;

/** A removal that was under way. */
export interface EarlierRemoval {
  readonly id: string;
  /** The system that is to carry it out. */
  readonly system: string;
  /** What it takes away, and where, for people. */
  readonly text: string;
}

/**
 * The removals from a user that were under way before it is off-boarded. They are no steps of the off-boarding, which has
 * nothing left to take there: but what isn't settled may be refused yet, and then the user has it again.
 */
export async function findEarlier(
  database: Database,
  { offboarding, user }: Answer,
): Promise<readonly EarlierRemoval[]> {
  return database.query<EarlierRemoval>(
    `select id, system::text as system,
       lower(replace(kind::text, '_', ' ')) || ' ' || requested_target || ' at ' || system::text || ' (' || id || ')' as text
     from revocations
     where organization_id = $1 and user_id = $2 and state = 'PENDING' and offboarding_id is distinct from $3
     order by id`,
    [user.organizationId, user.id, offboarding.id],
  );
}

/** How they have ended, so far. */
export async function countEarlier(database: Database, removals: readonly Pick<EarlierRemoval, 'id'>[]) {
  if (removals.length === 0) {
    return { pending: 0, done: 0 };
  }
  const [counts] = await database.query<{ pending: number; done: number }>(
    `select (count(*) filter (where state = 'PENDING'))::integer as pending,
       (count(*) filter (where state = 'DONE'))::integer as done
     from revocations where id = any($1::text[])`,
    [removals.map(({ id }) => id)],
  );
  return counts ?? { pending: 0, done: 0 };
}

/** A line for each. */
export const describeEarlier = (removals: readonly EarlierRemoval[]): string =>
  removals.map(({ text }) => `\n  ${text}`).join('');
