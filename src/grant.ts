import type { Attempt } from './attempt.js';
import { toCaller } from './auth/caller.js';
import type { Context } from './context.js';
import { callFunction } from './database/functions.js';
import { toModel } from './database/rows.js';
import type { ErrorCode, UpstreamSystem } from './errors.js';
import type { Grant, Project, Revocation, Role, User } from './generated/prisma/client.js';
import { alreadyThere, type GrantRefusal, type RefusedGrant, superseded, toGrantError } from './grant-errors.js';
import type { Giving, GrantRequest } from './grant-request.js';
import { createUuid } from './ids.js';
import { findOwner } from './removal.js';
import { pathsOf } from './removal-errors.js';
import { namesOf } from './removal-request.js';
import { type BegunCall, describeUpstream, firstAttempt, makeCall, type SettledCall } from './upstreams/calls.js';
import type { Connector } from './upstreams/connector.js';
import { toCallError } from './upstreams/refusal.js';

/** What a grant did, or would do: the facts that its database function returned, in one piece with the change. */
export interface GrantAnswer {
  readonly applied: boolean;
  readonly outcome: 'DONE' | 'DRY_RUN';
  readonly grant: Grant | null;
  readonly user: User | null;
  readonly project: Project | null;
  readonly role: Role | null;
  /** The removal that is restored; null where that is not what was asked for. */
  readonly revocation: Revocation | null;
  readonly canStartSession: boolean;
}

type Row = Readonly<Record<string, unknown>>;

interface RawAnswer extends Pick<GrantAnswer, 'applied' | 'canStartSession'> {
  readonly refusal: GrantRefusal | null;
  /** The system that owns the assignment; null where the directory is the authority. */
  readonly system: UpstreamSystem | null;
  readonly call: Pick<BegunCall, 'userName' | 'targetName' | 'held'> | null;
  readonly grant: Row | null;
  readonly user: Row | null;
  readonly project: Row | null;
  readonly role: Row | null;
  readonly revocation?: Row | null;
}

/** A request of one of the database functions that give. */
export interface AskedGrant extends RefusedGrant {
  readonly databaseFunction: Giving['databaseFunction'] | 'restore_access';
  readonly request: object;
}

/**
 * Gives a user what a request asks for: one call of one database function, which checks, changes and records in one
 * transaction, or begins what another system carries out, as for a removal. Throws the error that a refusal means.
 */
export const give = (context: Context, giving: Giving, request: GrantRequest): Promise<GrantAnswer> =>
  carryOutGrant(context, {
    databaseFunction: giving.databaseFunction,
    request: toFunctionRequest(request, findOwner(context, giving)),
    requires: giving.requires,
    names: namesOf(request),
    paths: pathsOf(request),
  });

/** {@link give} for what is asked for in another way. */
export async function carryOutGrant(context: Context, asked: AskedGrant): Promise<GrantAnswer> {
  const leasedAt = performance.now();
  const request = { ...asked.request, grantId: newGrantId() };
  const raw = await callFunction<RawAnswer>(context.database, asked.databaseFunction, toCaller(context), request);
  if (raw.refusal) {
    throw toGrantError(raw.refusal, asked, raw.system);
  }
  const answer = toAnswer(raw);
  const owner = raw.system && findOwner(context, { system: raw.system });
  if (!owner || !raw.call || !answer.grant) {
    return answer;
  }
  const { id, traceId, projectRole } = answer.grant;
  const call: BegunCall = { ...raw.call, ...firstAttempt, id, traceId, action: 'GRANT', projectRole, leasedAt };
  const settled = await context.whileAside(() => makeCall(context.database, owner, call, { isAwaited: true }));
  return conclude(asked, answer, settled, owner);
}

/** The answer to a grant that was called for, by its record: another attempt may have settled it meanwhile. */
function conclude(
  { names }: AskedGrant,
  begun: GrantAnswer,
  { record, outcome, user, canStartSession }: SettledCall,
  { system }: Connector,
): GrantAnswer {
  const grant = toModel<Grant>(record);
  if (grant.state === 'DONE') {
    return {
      ...{ ...begun, grant, user: user ?? begun.user },
      canStartSession: canStartSession ?? begun.canStartSession,
    };
  }
  if (grant.state === 'REFUSED' && outcome.kind === 'ALREADY_THERE') {
    throw alreadyThere(system);
  }
  // What the system answered is not why: it was ended here while the system was asked.
  if (grant.state === 'REFUSED' && grant.code === 'CONFLICT' && outcome.kind !== 'REFUSED') {
    throw superseded();
  }
  // A restore names neither user nor target.
  const named = begun.revocation
    ? { user: begun.user?.id ?? '', target: begun.project?.id ?? begun.role?.id ?? '' }
    : names;
  const targetType = grant.kind === 'PROJECT' || grant.kind === 'ROLE' ? grant.kind : null;
  throw toCallError({ system, action: 'GRANT', outcome, record: grant, names: { ...named, targetType } });
}

/** What the field of a grant tells of itself, for an attempt that its rule refuses. */
export const grantAttempt = (
  { kind }: Giving,
  toRequest: Attempt<GrantRequest>['toRequest'],
): Attempt<GrantRequest> => ({
  toRequest,
  recordRefusal: (context, request, code) => recordGrantRefusal(context, kind, toFunctionRequest(request, null), code),
});

/** Puts on record that a rule refused a grant. The kind is null for a restore, whose removal tells it. */
export async function recordGrantRefusal(
  context: Context,
  kind: Giving['kind'] | null,
  request: object,
  code: ErrorCode,
): Promise<void> {
  await context.database.query('select record_grant_refusal($1::jsonb, $2::jsonb, $3::revocation_kind, $4)', [
    JSON.stringify(toCaller(context)),
    JSON.stringify({ ...request, grantId: newGrantId() }),
    kind,
    code,
  ]);
}

const newGrantId = () => `grant_${createUuid()}`;

const toFunctionRequest = ({ user, target, projectRole, reason, dryRun }: GrantRequest, owner: Connector | null) => ({
  ...user,
  ...target,
  projectRole,
  reason,
  dryRun,
  upstream: owner && describeUpstream(owner),
});

const toAnswer = (raw: RawAnswer): GrantAnswer => ({
  applied: raw.applied,
  outcome: raw.applied ? 'DONE' : 'DRY_RUN',
  grant: raw.grant && toModel<Grant>(raw.grant),
  user: raw.user && toModel<User>(raw.user),
  project: raw.project && toModel<Project>(raw.project),
  role: raw.role && toModel<Role>(raw.role),
  revocation: raw.revocation ? toModel<Revocation>(raw.revocation) : null,
  canStartSession: raw.canStartSession,
});
