import type { Queries } from '../database/database.js';
import { toModel } from '../database/rows.js';
import type { UpstreamCall as CallModel, Session, User } from '../generated/prisma/client.js';
import type { Connector, UpstreamOutcome } from './connector.js';
import { type Attempt, type Settlement, toSettlement } from './settlement.js';

/** For how long an attempt may be under way before another one may begin. */
const leaseSeconds = 10;
/** What must be left of it when the call itself ends, for the settling to begin. */
const marginMs = 2_000;
const longestCallMs = 5_000;

type Row = Readonly<Record<string, unknown>>;

/** A call that was begun in the database and is still to be made. */
export interface BegunCall extends Pick<CallModel, 'id' | 'action' | 'userName' | 'targetName' | 'traceId' | 'held'> {
  readonly projectRole: string | null;
  readonly attempts: number;
  /** Whether one of the earlier attempts may have been carried out. */
  readonly isInDoubt: boolean;
  /** When its lease began at the latest, on the clock of `performance`. */
  readonly leasedAt: number;
}

/** What every call is at its first attempt. */
export const firstAttempt = { attempts: 1, isInDoubt: false } as const;

/** A call that was made and settled. */
export interface SettledCall {
  readonly outcome: UpstreamOutcome;
  /** The revocation or grant as it is now: a row of its table. Its `state` says how it stands. */
  readonly record: Row;
  /** Only where this attempt changed something, and the directory has the user. */
  readonly user: User | null;
  readonly canStartSession: boolean | null;
  /** The sessions that were ended because it turned out that there was something to take away. */
  readonly ended: readonly Session[];
}

/** An upstream as the database functions that begin a call take it. */
export const describeUpstream = ({ system, userPattern, targetPattern, ignoresCase, targetNames }: Connector) => ({
  ...{ system, userPattern, targetPattern, ignoresCase, targetNames, leaseSeconds },
});

/**
 * Makes one attempt of a call and settles it. No transaction is open meanwhile. Throws where the database can't be asked;
 * the call is then found again when its lease is over.
 */
export async function makeCall(
  queries: Queries,
  connector: Connector,
  call: BegunCall,
  { isAwaited }: Pick<Attempt, 'isAwaited'>,
): Promise<SettledCall> {
  const outcome = await send(connector, call);
  const { attempts: number, isInDoubt, held, projectRole } = call;
  const settlement = toSettlement(outcome, { number, isInDoubt, held, projectRole, isAwaited });
  return { outcome, ...(await settle(queries, call.id, settlement)) };
}

function send(connector: Connector, call: BegunCall): Promise<UpstreamOutcome> {
  const { action, userName: userId, targetName: targetId, projectRole, traceId } = call;
  const elapsedMs = performance.now() - call.leasedAt;
  const options = { traceId, deadlineMs: Math.min(longestCallMs, leaseSeconds * 1000 - marginMs - elapsedMs) };
  return action === 'REMOVE'
    ? connector.remove({ userId, targetId }, options)
    : connector.grant({ userId, targetId, ...(projectRole !== null && { projectRole }) }, options);
}

interface SettlementRow {
  readonly record: Row;
  readonly user?: Row | null;
  readonly canStartSession?: boolean;
  readonly ended: readonly Row[];
}

async function settle(queries: Queries, id: string, settlement: Settlement): Promise<Omit<SettledCall, 'outcome'>> {
  const [row] = await queries.query<{ answer: SettlementRow }>('select settle_upstream_call($1, $2::jsonb) as answer', [
    id,
    JSON.stringify(settlement),
  ]);
  if (!row) {
    throw new Error('settle_upstream_call returned no row');
  }
  const { record, user, canStartSession, ended } = row.answer;
  return {
    record,
    user: user ? toModel<User>(user) : null,
    canStartSession: canStartSession ?? null,
    ended: ended.map((session) => toModel<Session>(session)),
  };
}

/** How many calls of one upstream are wanted. */
export interface FreePlaces {
  readonly organizationId: string;
  readonly system: Connector['system'];
  readonly places: number;
}

/** A call whose time has come, and the upstream that it goes to. */
export interface ClaimedCall extends BegunCall, Pick<CallModel, 'organizationId' | 'system'> {}

/** Takes calls whose time has come, so that nobody else does. Gateways that ask at once get different ones. */
export async function claimCalls(queries: Queries, free: readonly FreePlaces[]): Promise<ClaimedCall[]> {
  const leasedAt = performance.now();
  const rows = await queries.query<{ call: Row }>(
    'select to_jsonb(c) as call from claim_upstream_calls($1::jsonb, $2) c',
    [JSON.stringify(free), leaseSeconds],
  );
  return rows.map(({ call }) => toClaimed(toModel<CallModel>(call), leasedAt));
}

// All but the last have ended, or their gateway has: what isn't known to have come to nothing may have been carried out.
const toClaimed = (call: CallModel, leasedAt: number): ClaimedCall => ({
  ...{ ...call, isInDoubt: call.attempts - 1 > call.undone, leasedAt },
});
