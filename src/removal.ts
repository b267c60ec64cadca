import { v7 as uuid } from 'uuid';
import { z } from 'zod';
import { toCaller } from './auth/caller.js';
import type { Context } from './context.js';
import { toModel } from './database/rows.js';
import {
  type AccessError,
  type ErrorCode,
  ForbiddenError,
  LastAdministratorError,
  LastProjectError,
  NotFoundError,
  UserNotAssignedError,
} from './errors.js';
import type { Project, Revocation, Role, Session, User } from './generated/prisma/client.js';
import type { GlobalRole, RevocationKind } from './generated/prisma/enums.js';
import { reason, userReference } from './grammar.js';

/** What the inputs of all removals share. */
export const removalInput = {
  user: userReference,
  reason,
  dryRun: z.boolean(),
  onMissing: z.enum(['ERROR', 'IGNORE']),
};

/** One removal that is asked for: a user and what is to be taken from it. */
export interface RemovalRequest {
  readonly user: { readonly userId: string | null; readonly userLogin: string | null };
  readonly target: { readonly projectId: string } | { readonly roleId: string } | { readonly globalRole: GlobalRole };
  readonly reason: string | null;
  readonly dryRun: boolean;
  readonly onMissing: 'ERROR' | 'IGNORE';
}

export type SessionEffect = 'NONE' | 'ENDED' | 'CONTINUE_UNTIL_EXPIRY';

/** Why a database function refused. `…_NOT_FOUND` names what the organization doesn't have. */
type Refusal =
  | Extract<ErrorCode, 'FORBIDDEN' | 'NOT_ASSIGNED' | 'LAST_PROJECT' | 'LAST_ADMINISTRATOR'>
  | 'USER_NOT_FOUND'
  | 'PROJECT_NOT_FOUND'
  | 'ROLE_NOT_FOUND';

/** What a removal did, or would do: the facts that its database function returned, in one piece with the change. */
export interface RemovalAnswer {
  readonly applied: boolean;
  readonly outcome: 'DONE' | 'DRY_RUN' | 'NOT_ASSIGNED';
  /** Whether the user was assigned, so that there was something to take away. */
  readonly assigned: boolean;
  readonly revocation: Revocation | null;
  readonly user: User | null;
  readonly project: Project | null;
  readonly role: Role | null;
  readonly sessionEffect: SessionEffect;
  readonly sessions: readonly Session[];
  readonly canStartSession: boolean;
  readonly remainingGlobalRoles: readonly GlobalRole[];
}

type Row = Readonly<Record<string, unknown>>;

interface RawAnswer {
  readonly refusal: Refusal | null;
  readonly applied: boolean;
  readonly revocation: Row | null;
  readonly user: Row | null;
  readonly project?: Row | null;
  readonly role?: Row | null;
  readonly sessionEffect: SessionEffect;
  readonly sessions: readonly Row[];
  readonly canStartSession: boolean;
  readonly remainingGlobalRoles?: readonly GlobalRole[];
}

/** What tells the three removals apart, on the way into the database and back. */
export interface Removal {
  readonly kind: RevocationKind;
  readonly databaseFunction: 'unassign_user_from_project' | 'unassign_user_from_role' | 'remove_global_role';
  readonly noun: 'project' | 'role' | 'global role';
  /** What a caller lacks whose authority is gone by the time of the change. */
  readonly requires: string;
}

/**
 * Carries out one removal: one call of one database function, which checks, changes and records in one transaction.
 * Throws the error that a refusal means; it is on record by then (unless it was a dry run). A user who wasn't
 * assigned is an answer with `assigned: false` where the request says to ignore that.
 */
export async function carryOut(context: Context, removal: Removal, request: RemovalRequest): Promise<RemovalAnswer> {
  const [row] = await context.database.query<{ answer: RawAnswer }>(
    `select ${removal.databaseFunction}($1::jsonb, $2::jsonb) as answer`,
    [JSON.stringify(toCaller(context)), JSON.stringify(toFunctionRequest(request))],
  );
  if (!row) {
    throw new Error(`${removal.databaseFunction} returned no row`);
  }
  const answer = toAnswer(row.answer);
  const { refusal } = row.answer;
  if (refusal && !(refusal === 'NOT_ASSIGNED' && request.onMissing === 'IGNORE')) {
    throw toError(refusal, removal, request, answer);
  }
  return answer;
}

function toError(refusal: Refusal, { noun, requires }: Removal, request: RemovalRequest, answer: RemovalAnswer) {
  const [target = ''] = Object.values(request.target);
  const errors: Record<Refusal, () => AccessError> = {
    FORBIDDEN: () => new ForbiddenError(requires),
    PROJECT_NOT_FOUND: () => new NotFoundError('PROJECT', target),
    ROLE_NOT_FOUND: () => new NotFoundError('ROLE', target),
    USER_NOT_FOUND: () => new NotFoundError('USER', request.user.userId ?? request.user.userLogin ?? ''),
    NOT_ASSIGNED: () => new UserNotAssignedError(noun),
    LAST_PROJECT: () => new LastProjectError(answer.project),
    LAST_ADMINISTRATOR: () => new LastAdministratorError(),
  };
  return errors[refusal]();
}

/** Puts on record that a rule refused a removal before it was tried. A dry run leaves no record. */
export async function recordRefusal(context: Context, kind: RevocationKind, request: RemovalRequest, code: ErrorCode) {
  await context.database.query('select record_refusal($1::jsonb, $2::jsonb, $3::revocation_kind, $4)', [
    JSON.stringify(toCaller(context)),
    JSON.stringify(toFunctionRequest(request)),
    kind,
    code,
  ]);
}

const toFunctionRequest = ({ user, target, reason, dryRun }: RemovalRequest) => ({
  ...user,
  ...target,
  reason,
  dryRun,
  revocationId: `rev_${uuid()}`,
});

const toAnswer = (raw: RawAnswer): RemovalAnswer => ({
  applied: raw.applied,
  outcome: raw.applied ? 'DONE' : raw.revocation === null ? 'DRY_RUN' : 'NOT_ASSIGNED',
  assigned: raw.refusal === null,
  revocation: raw.revocation && toModel<Revocation>(raw.revocation),
  user: raw.user && toModel<User>(raw.user),
  project: raw.project ? toModel<Project>(raw.project) : null,
  role: raw.role ? toModel<Role>(raw.role) : null,
  sessionEffect: raw.sessionEffect,
  sessions: raw.sessions.map((session) => toModel<Session>(session)),
  canStartSession: raw.canStartSession,
  remainingGlobalRoles: raw.remainingGlobalRoles ?? [],
});
