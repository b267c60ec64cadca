import type { Attempt } from './attempt.js';
import { getPrincipal, toCaller } from './auth/caller.js';
import type { Context } from './context.js';
import { callFunction } from './database/functions.js';
import { toModel } from './database/rows.js';
import { type ErrorCode, UserNotAssignedError } from './errors.js';
import type { Project, Revocation, Role, Session, User } from './generated/prisma/client.js';
import type { GlobalRole, RevocationKind } from './generated/prisma/enums.js';
import { createUuid } from './ids.js';
import { type Refusal, toRemovalError } from './removal-errors.js';
import { namesOf, type Removal, type RemovalRequest } from './removal-request.js';
import { type BegunCall, describeUpstream, firstAttempt, makeCall, type SettledCall } from './upstreams/calls.js';
import type { Connector } from './upstreams/connector.js';
import { toCallError } from './upstreams/refusal.js';

export type SessionEffect = 'NONE' | 'ENDED' | 'CONTINUE_UNTIL_EXPIRY';

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
  /** The call that is to be made for it; null where the directory is the authority, and where nothing was begun. */
  readonly call: Pick<BegunCall, 'userName' | 'targetName' | 'held'> | null;
  readonly revocation: Row | null;
  readonly user: Row | null;
  readonly project?: Row | null;
  readonly role?: Row | null;
  readonly sessionEffect: SessionEffect;
  readonly sessions: readonly Row[];
  readonly canStartSession: boolean;
  readonly remainingGlobalRoles?: readonly GlobalRole[];
}

/** The system that owns what is to be taken away; null where the directory is the authority. */
export const findOwner = (context: Context, { system }: Pick<Removal, 'system'>): Connector | null =>
  context.upstreams.find(getPrincipal(context).organization.id, system);

/**
 * Carries out one removal: one call of one database function, which checks, changes and records in one transaction.
 * Where another system owns the assignment, that function begins the removal, the system is called, and a second one
 * settles it by what the system said. Throws the error that a refusal means; it is on record by then (unless it was a
 * dry run). A user who wasn't assigned is an answer with `assigned: false` where the request says to ignore that.
 */
export async function carryOut(context: Context, removal: Removal, request: RemovalRequest): Promise<RemovalAnswer> {
  const owner = findOwner(context, removal);
  const leasedAt = performance.now();
  const begun = await callFunction<RawAnswer>(
    context.database,
    removal.databaseFunction,
    toCaller(context),
    toFunctionRequest(request, owner),
  );
  const answer = toAnswer(begun);
  if (begun.refusal && !(begun.refusal === 'NOT_ASSIGNED' && request.onMissing === 'IGNORE')) {
    throw toRemovalError(begun.refusal, removal, request, answer.project);
  }
  if (!owner || !begun.call || !answer.revocation) {
    return answer;
  }
  const { id, traceId } = answer.revocation;
  const call: BegunCall = {
    ...{ ...begun.call, ...firstAttempt, id, traceId, action: 'REMOVE', projectRole: null, leasedAt },
  };
  const settled = await context.whileAside(() => makeCall(context.database, owner, call, { isAwaited: true }));
  return conclude(removal, request, answer, settled, owner);
}

/** The answer to a removal that was called for, by its record: another attempt may have settled it meanwhile. */
function conclude(
  { kind, noun }: Removal,
  request: RemovalRequest,
  begun: RemovalAnswer,
  { record, outcome, user, ended, canStartSession }: SettledCall,
  { system }: Connector,
): RemovalAnswer {
  const revocation = toModel<Revocation>(record);
  if (revocation.state === 'DONE') {
    const sessions = ended.length > 0 ? ({ sessionEffect: 'ENDED', sessions: ended } as const) : {};
    return {
      ...{ ...begun, revocation, ...sessions, user: user ?? begun.user },
      canStartSession: canStartSession ?? begun.canStartSession,
    };
  }
  if (revocation.code === 'NOT_ASSIGNED' && request.onMissing === 'IGNORE') {
    const nothing = { applied: false, assigned: false, outcome: 'NOT_ASSIGNED', sessionEffect: 'NONE' } as const;
    return { ...begun, ...nothing, revocation, sessions: [] };
  }
  if (revocation.code === 'NOT_ASSIGNED') {
    throw new UserNotAssignedError(noun);
  }
  const names = { ...namesOf(request), targetType: kind === 'PROJECT' || kind === 'ROLE' ? kind : null };
  throw toCallError({ system, action: 'REMOVE', outcome, record: revocation, names });
}

/** What the field of a removal tells of itself, for an attempt that its rule refuses. */
export const removalAttempt = (
  { kind }: Removal,
  toRequest: Attempt<RemovalRequest>['toRequest'],
): Attempt<RemovalRequest> => ({
  toRequest,
  recordRefusal: (context, request, code) => recordRefusal(context, kind, request, code),
});

async function recordRefusal(context: Context, kind: RevocationKind, request: RemovalRequest, code: ErrorCode) {
  await context.database.query('select record_refusal($1::jsonb, $2::jsonb, $3::revocation_kind, $4)', [
    JSON.stringify(toCaller(context)),
    JSON.stringify(toFunctionRequest(request, null)),
    kind,
    code,
  ]);
}

const toFunctionRequest = ({ user, target, reason, dryRun }: RemovalRequest, owner: Connector | null) => ({
  ...{ ...user, ...target, reason, dryRun },
  revocationId: `rev_${createUuid()}`,
  upstream: owner && describeUpstream(owner),
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
