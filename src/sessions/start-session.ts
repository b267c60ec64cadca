import { toCaller } from '../auth/caller.js';
import { generateSecret, hashSecret } from '../auth/secrets.js';
import type { Context } from '../context.js';
import { toModel } from '../database/rows.js';
import { NoAccessError, UnauthenticatedError } from '../errors.js';
import type { Session } from '../generated/prisma/client.js';
import { createUuid } from '../ids.js';

/** A session that was started, and the token that it is used with. The token is stored nowhere. */
export interface StartedSession {
  readonly session: Session;
  readonly token: string;
}

interface RawAnswer {
  readonly refusal: 'UNAUTHENTICATED' | 'NO_ACCESS' | null;
  readonly session: Record<string, unknown> | null;
}

/**
 * Starts a session for the caller's user. It waits for a removal of that user that is under way, so it never contains
 * what an acknowledged removal took. Throws NoAccessError where nothing is left to start it for, UnauthenticatedError
 * where the user was deactivated or its tokens were refused in the meantime.
 */
export async function startSession(context: Context): Promise<StartedSession> {
  const token = generateSecret('dvs_');
  const request = {
    sessionId: `sess_${createUuid()}`,
    tokenHash: hashSecret(token),
    ttlSeconds: context.sessionTtlSeconds,
  };
  const [row] = await context.database.query<{ answer: RawAnswer }>(
    'select start_session($1::jsonb, $2::jsonb) as answer',
    [JSON.stringify(toCaller(context)), JSON.stringify(request)],
  );
  if (row?.answer.refusal === 'NO_ACCESS') {
    throw new NoAccessError();
  }
  if (!row?.answer.session) {
    throw new UnauthenticatedError();
  }
  return { session: toModel<Session>(row.answer.session), token };
}
