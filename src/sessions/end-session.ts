import { z } from 'zod';
import { toCaller } from '../auth/caller.js';
import type { Context } from '../context.js';
import { toModel } from '../database/rows.js';
import { ForbiddenError, NotFoundError } from '../errors.js';
import type { Session } from '../generated/prisma/client.js';
import { id, parseInput } from '../grammar.js';
import { permissions } from '../permissions.js';

interface RawAnswer {
  readonly refusal: 'SESSION_NOT_FOUND' | 'FORBIDDEN' | null;
  readonly session: Record<string, unknown> | null;
}

const grammar = z.object({ sessionId: id('sess') });

/**
 * Ends a session of the caller's own, or any of its organization for an administrator. One that has ended already is
 * answered as it is. Throws InvalidInputError, NotFoundError or ForbiddenError.
 */
export async function endSession(context: Context, input: unknown): Promise<Session> {
  const request = parseInput(grammar, input);
  const [row] = await context.database.query<{ answer: RawAnswer }>(
    'select end_session($1::jsonb, $2::jsonb) as answer',
    [JSON.stringify(toCaller(context)), JSON.stringify(request)],
  );
  if (row?.answer.refusal === 'FORBIDDEN') {
    throw new ForbiddenError(permissions.Mutation.endSession.requires);
  }
  if (!row?.answer.session) {
    throw new NotFoundError('SESSION', request.sessionId);
  }
  return toModel<Session>(row.answer.session);
}
