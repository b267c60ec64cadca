import { z } from 'zod';
import type { UpstreamSystem } from './errors.js';
import type { GlobalRole, RevocationKind } from './generated/prisma/enums.js';
import { id, reason, upstreamId, upstreamUserReference, userReference } from './grammar.js';

/** What tells the three removals apart, on the way into the database and back. */
export interface Removal {
  readonly kind: RevocationKind;
  readonly databaseFunction: 'unassign_user_from_project' | 'unassign_user_from_role' | 'remove_global_role';
  /** The system that owns such assignments, where the organization has it. */
  readonly system: UpstreamSystem;
  readonly noun: 'project' | 'role' | 'global role';
  /** What a caller lacks whose authority is gone by the time of the change. */
  readonly requires: string;
}

const removalInput = {
  reason,
  dryRun: z.boolean(),
  onMissing: z.enum(['ERROR', 'IGNORE']),
};

/**
 * The grammars of the input of a change, of which `target` makes the part that is its own: `local` where the directory is
 * the authority, `upstream` where another system is, which may know users and targets by names of its own.
 */
export const changeGrammars = <Target extends z.ZodRawShape, Rest extends z.ZodRawShape>(
  target: (idOf: typeof id) => Target,
  rest: Rest,
) => ({
  local: z.object({ ...target(id), user: userReference, ...rest }),
  upstream: z.object({ ...target(upstreamId), user: upstreamUserReference, ...rest }),
});

/** The same of a removal. */
export const removalGrammars = <Target extends z.ZodRawShape>(target: (idOf: typeof id) => Target) =>
  changeGrammars(target, removalInput);

/** One change of access that is asked for: a user, and what is to be taken from it or given to it. */
export interface ChangeRequest {
  readonly user: { readonly userId: string | null; readonly userLogin: string | null };
  readonly target: { readonly projectId: string } | { readonly roleId: string } | { readonly globalRole: GlobalRole };
  readonly reason: string | null;
  readonly dryRun: boolean;
}

/** One removal that is asked for. */
export interface RemovalRequest extends ChangeRequest {
  readonly onMissing: 'ERROR' | 'IGNORE';
}

/** The user and the target as the caller named them. */
export const namesOf = ({ user, target }: ChangeRequest) => ({
  user: user.userId ?? user.userLogin ?? '',
  target: String(Object.values(target)[0]),
});
