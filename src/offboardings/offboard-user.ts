import { z } from 'zod';
import { toCaller } from '../auth/caller.js';
import type { Context } from '../context.js';
import { type AccessError, ForbiddenError, LastAdministratorError, NotFoundError } from '../errors.js';
import { parseInput, reason, userReference } from '../grammar.js';
import { type OffboardingAnswer, type OffboardingRefusal, type OffboardingRequest, offboard } from '../offboarding.js';
import { permissions } from '../permissions.js';

const grammar = z.object({ user: userReference, reason, dryRun: z.boolean() });

/**
 * Off-boards a user: deactivates it, ends its sessions, and takes away every project, role, direct grant and global role.
 * What the directory owns is gone when it answers; what other systems own counts as gone, and is theirs to do. Throws
 * InvalidInputError, ForbiddenError, NotFoundError or LastAdministratorError; then nothing was changed.
 */
export async function offboardUser(context: Context, input: unknown): Promise<OffboardingAnswer> {
  const request = parseInput(grammar, input);
  const { database: queries, upstreams } = context;
  const answer = await offboard({ queries, upstreams }, toCaller(context), request);
  if (typeof answer === 'string') {
    throw toError(answer, request);
  }
  if (answer.applied) {
    context.offboardings.begun(answer.offboarding.id);
  }
  return answer;
}

function toError(refusal: OffboardingRefusal, { user }: OffboardingRequest): AccessError {
  switch (refusal) {
    case 'FORBIDDEN':
      return new ForbiddenError(permissions.Mutation.offboardUser.requires);
    case 'USER_NOT_FOUND':
      return new NotFoundError('USER', user.userId ?? user.userLogin ?? '');
    case 'LAST_ADMINISTRATOR':
      return new LastAdministratorError();
  }
}
