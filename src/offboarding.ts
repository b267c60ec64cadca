import type { Queries } from './database/database.js';
import { toModel } from './database/rows.js';
import type { ErrorCode, UpstreamSystem } from './errors.js';
import type { Offboarding as OffboardingRow, Session, User } from './generated/prisma/client.js';
import type { GlobalRole, RevocationKind, RevocationState } from './generated/prisma/enums.js';
import { createUuid } from './ids.js';
import type { SessionEffect } from './removal.js';
import { describeUpstream } from './upstreams/calls.js';
import type { Upstreams } from './upstreams/connector.js';

/** Which system owns assignments of a kind, where the organization has it. Direct grants of resources are nobody else's. */
const owners: Readonly<Partial<Record<RevocationKind, UpstreamSystem>>> = {
  PROJECT: 'VOUCHERIFY',
  ROLE: 'ENTRYGUARD',
  GLOBAL_ROLE: 'COGNIGY',
};

/** Who asks, as the database functions take it. */
export interface OffboardingCaller {
  readonly organizationId: string;
  readonly credential: string;
  readonly actor: string;
  readonly userId: string | null;
  readonly claims: readonly string[];
  readonly traceId: string;
}

/** Who is to be off-boarded. */
export interface OffboardingRequest {
  readonly user: { readonly userId: string | null; readonly userLogin: string | null };
  readonly reason: string | null;
  readonly dryRun: boolean;
}

/** Why nobody was off-boarded, and nothing was changed. */
export type OffboardingRefusal = Extract<ErrorCode, 'FORBIDDEN' | 'LAST_ADMINISTRATOR'> | 'USER_NOT_FOUND';

/** One thing that is taken away, and how that began. */
export interface OffboardingStep {
  readonly kind: RevocationKind;
  readonly projectId: string | null;
  readonly roleId: string | null;
  readonly globalRole: GlobalRole | null;
  readonly resourceId: string | null;
  /** The id of the project, role or resource, or the global role. */
  readonly target: string;
  readonly system: UpstreamSystem | null;
  readonly state: RevocationState;
  readonly code: string | null;
}

export type OffboardingState = 'RUNNING' | 'DONE' | 'NEEDS_ATTENTION';

/** An off-boarding, and how many of its revocations ended how. */
export interface Offboarding extends OffboardingRow {
  readonly total: number;
  readonly done: number;
  readonly refused: number;
  readonly pending: number;
  readonly lastSettledAt: Date | null;
}

/** What an off-boarding did at once, or would do. */
export interface OffboardingAnswer {
  readonly applied: boolean;
  readonly outcome: 'DONE' | 'DRY_RUN';
  readonly offboarding: Offboarding;
  readonly user: User;
  readonly sessionEffect: SessionEffect;
  readonly sessions: readonly Session[];
  readonly steps: readonly OffboardingStep[];
}

/** How an off-boarding stands: that is never stored, so that it can't be wrong. */
export function stateOf({ pending, refused }: Pick<Offboarding, 'pending' | 'refused'>): OffboardingState {
  if (pending > 0) {
    return 'RUNNING';
  }
  return refused > 0 ? 'NEEDS_ATTENTION' : 'DONE';
}

/** When its last step ended; null while one is pending. One without steps ended as it began. */
export const settledAtOf = ({ pending, lastSettledAt, startedAt }: Offboarding): Date | null =>
  pending > 0 ? null : (lastSettledAt ?? startedAt);

type Row = Readonly<Record<string, unknown>>;

type RawAnswer = {
  readonly refusal: OffboardingRefusal | null;
  readonly applied: boolean;
  readonly offboarding: Row | null;
  readonly user: Row | null;
  readonly sessionEffect: SessionEffect;
  readonly sessions: readonly Row[];
  readonly steps: readonly OffboardingStep[];
};

/**
 * Off-boards a user: one call of one database function, which deactivates it, ends its sessions and takes away what it
 * holds, all or nothing. What other systems own is theirs to do: workers call them from then on. Answers why not where
 * that is refused; then nothing was changed.
 */
export async function offboard(
  { queries, upstreams }: { readonly queries: Queries; readonly upstreams: Pick<Upstreams, 'find'> },
  caller: OffboardingCaller,
  { user, reason, dryRun }: OffboardingRequest,
): Promise<OffboardingAnswer | OffboardingRefusal> {
  const request = {
    ...{ ...user, reason, dryRun, offboardingId: `off_${createUuid()}` },
    upstreams: describeOwners(upstreams, caller.organizationId),
  };
  const [row] = await queries.query<{ answer: RawAnswer }>('select offboard_user($1::jsonb, $2::jsonb) as answer', [
    JSON.stringify(caller),
    JSON.stringify(request),
  ]);
  if (!row) {
    throw new Error('offboard_user returned no row');
  }
  return row.answer.refusal ?? toAnswer(row.answer);
}

function describeOwners(upstreams: Pick<Upstreams, 'find'>, organizationId: string) {
  const found = Object.entries(owners).map(([kind, system]) => [kind, upstreams.find(organizationId, system)] as const);
  return Object.fromEntries(
    found.flatMap(([kind, connector]) => (connector ? [[kind, describeUpstream(connector)]] : [])),
  );
}

function toAnswer({ applied, offboarding, user, sessionEffect, sessions, steps }: RawAnswer): OffboardingAnswer {
  if (!offboarding || !user) {
    throw new Error('offboard_user answered neither a refusal nor an off-boarding');
  }
  return {
    ...{ applied, outcome: applied ? 'DONE' : 'DRY_RUN', sessionEffect, steps },
    offboarding: toModel<Offboarding>(offboarding),
    user: toModel<User>(user),
    sessions: sessions.map((session) => toModel<Session>(session)),
  };
}

/** The off-boardings of an organization with these ids, in any order, and how far they are at this moment. */
export async function findOffboardings(
  queries: Queries,
  organizationId: string,
  ids: readonly string[],
): Promise<Offboarding[]> {
  const rows = await queries.query<{ offboarding: Row }>(
    `select describe_offboarding(o) as offboarding from offboardings o
     where o.organization_id = $1 and o.id = any($2::text[])`,
    [organizationId, ids],
  );
  return rows.map(({ offboarding }) => toModel<Offboarding>(offboarding));
}
