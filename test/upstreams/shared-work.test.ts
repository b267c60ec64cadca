import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.js';
import { type BegunCall, claimCalls, makeCall } from '../../src/upstreams/calls.js';
import type { Settlement } from '../../src/upstreams/settlement.js';
import { databaseKinds, postgresUrl } from '../support/databases.js';
import { eventually, openUpstreamWorld, type UpstreamWorld } from '../support/upstream-gateway.js';
import { connect } from './connect.js';

const system = 'ENTRYGUARD';
const roleId = randomUUID();

/** Begins the removal of a role from a user whom only the system knows, as a gateway does that is gone by then. */
async function begin(database: Database, userId: string): Promise<string> {
  const upstream = {
    system,
    userPattern: '.',
    targetPattern: '.',
    ignoresCase: true,
    targetNames: {},
    leaseSeconds: 0,
  };
  const id = `rev_${randomUUID()}`;
  const caller = {
    ...{ organizationId: 'org_demo', credential: 'BEARER', actor: 'user_ada', userId: null, claims: ['ORG_ADMIN'] },
    ...{ tokenIssuedAt: null, traceId: 'a'.repeat(32) },
  };
  const request = { userId, roleId, reason: null, dryRun: false, revocationId: id, upstream };
  const [row] = await database.query<{ refusal: string | null }>(
    `select unassign_user_from_role($1::jsonb, $2::jsonb)->>'refusal' as refusal`,
    [JSON.stringify(caller), JSON.stringify(request)],
  );
  expect(row).toEqual({ refusal: null });
  return id;
}

const everything = (places: number) => [{ organizationId: 'org_demo', system, places }] as const;

// One connection would do one thing at a time.
describe.runIf(postgresUrl)('gateways that share what is PENDING', () => {
  let world: UpstreamWorld;
  beforeAll(async () => {
    world = await openUpstreamWorld('postgresql');
  });
  beforeEach(() => world.reset());
  afterAll(() => world.close());

  it('are given different calls, however many ask at once', async () => {
    const begun = await Promise.all(Array.from({ length: 30 }, () => begin(world.database, randomUUID())));
    const claimed = await Promise.all(Array.from({ length: 10 }, () => claimCalls(world.database, everything(5))));
    expect(
      claimed
        .flat()
        .map(({ id }) => id)
        .sort(),
    ).toEqual([...begun].sort());
    expect(claimed.flat().every(({ attempts, isInDoubt }) => attempts === 2 && isInDoubt)).toBe(true);
    expect(await claimCalls(world.database, everything(5))).toEqual([]);
  });

  it('make each call once, never two of a pair at a time, and not one of them makes all', async () => {
    const users = Array.from({ length: 60 }, () => randomUUID());
    await Promise.all(users.map((user) => begin(world.database, user)));
    const [open, overlaps, counts] = [new Set<string>(), [] as string[], new Map<string, number>()];
    let most = 0;
    // More than one gateway makes at a time: the first wait for the other.
    let bothAreThere: () => void = () => {};
    const both = new Promise<void>((resolve) => {
      bothAreThere = resolve;
    });
    world.fakes[system].respondWith(async ({ path }, act) => {
      overlaps.push(...(open.has(path) ? [path] : []));
      open.add(path);
      most = Math.max(most, open.size);
      counts.set(path, (counts.get(path) ?? 0) + 1);
      if (open.size > 6) {
        bothAreThere();
      }
      await Promise.race([both, sleep(4_000)]);
      await sleep(20);
      open.delete(path);
      return act();
    });
    const gateways = [await world.serve(), await world.serve()];
    await eventually(
      async () => (await world.database.query('select from upstream_calls')).length === 0,
      'all are settled',
    );
    expect([counts.size, new Set(counts.values()), overlaps]).toEqual([60, new Set([1]), []]);
    // Six places a gateway: the rest of its connections is for callers.
    expect(most).toBeLessThanOrEqual(12);
    const shares = await Promise.all(gateways.map(callsOf));
    expect(Math.min(...shares)).toBeGreaterThan(0);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(60);
    const states = await world.database.query('select state, count(*)::integer from revocations group by state');
    expect(states).toEqual([{ state: 'DONE', count: 60 }]);
    await Promise.all(gateways.map((gateway) => gateway.close()));
  });

  const callsOf = async ({ gateway }: Awaited<ReturnType<UpstreamWorld['serve']>>) => {
    const text = await (await gateway.fetch('http://localhost/metrics')).text();
    const lines = text.split('\n').filter((line) => line.startsWith('divest_upstream_calls_total{'));
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  };
});

describe.each(databaseKinds)('an attempt whose lease is over, on %s', (kind) => {
  const rob = 'user_770e8400-e29b-41d4-a716-446655440003';
  let world: UpstreamWorld;
  beforeAll(async () => {
    world = await openUpstreamWorld(kind);
  });
  beforeEach(() => world.reset());
  afterAll(() => world.close());

  const settle = (id: string, settlement: Partial<Settlement>) =>
    world.database.query('select settle_upstream_call($1, $2::jsonb)', [id, JSON.stringify(settlement)]);
  const state = async () => (await world.database.query<{ state: string }>('select state from revocations'))[0]?.state;
  const call = async () =>
    (
      await world.database.query<{ attempts: number; undone: number }>('select attempts, undone from upstream_calls')
    )[0];

  /** A call whose first attempt stalls, and whose second is under way. */
  async function overtake(): Promise<string> {
    const id = await begin(world.database, rob);
    const claimed = await claimCalls(world.database, everything(1));
    expect(claimed).toMatchObject([{ id, attempts: 2, isInDoubt: true }]);
    return id;
  }

  it('cannot refuse what another attempt is at, or have it made again', async () => {
    const id = await overtake();
    await settle(id, { attempt: 1, outcome: 'REFUSED', code: 'CONFLICT', putBack: true });
    await settle(id, { attempt: 1, outcome: 'UNKNOWN', retrySeconds: 0, undone: true });
    expect([await state(), await call()]).toEqual(['PENDING', { attempts: 2, undone: 0 }]);
    expect(await claimCalls(world.database, everything(1))).toEqual([]);
    await settle(id, { attempt: 2, outcome: 'REFUSED', code: 'NOT_FOUND' });
    expect([await state(), await call()]).toEqual(['REFUSED', undefined]);
  });

  it('cannot say that it is done either: what were begun then, the other attempt would undo', async () => {
    const id = await overtake();
    await settle(id, { attempt: 1, outcome: 'DONE' });
    expect([await state(), await call()]).toEqual(['PENDING', { attempts: 2, undone: 0 }]);
    await settle(id, { attempt: 2, outcome: 'DONE' });
    expect([await state(), await call()]).toEqual(['DONE', undefined]);
    await settle(id, { attempt: 2, outcome: 'REFUSED', code: 'NOT_FOUND', putBack: true });
    await settle(id, { attempt: 2, outcome: 'UNKNOWN', retrySeconds: 0 });
    expect([await state(), await call()]).toEqual(['DONE', undefined]);
  });

  it('sends nothing any more', async () => {
    const id = await begin(world.database, rob);
    const stalled: BegunCall = {
      ...{ id, action: 'REMOVE', userName: rob, targetName: roleId, traceId: 'a'.repeat(32), held: true },
      ...{ projectRole: null, attempts: 1, isInDoubt: false, leasedAt: performance.now() - 8_001 },
    };
    const { connector, upstreams } = connect(system, world.fakes[system].url);
    const { outcome } = await makeCall(world.database, connector, stalled, { isAwaited: true });
    expect([outcome.kind, world.fakes[system].requests, await state()]).toEqual(['REFUSED', [], 'REFUSED']);
    await upstreams.close();
  });

  it('puts nothing in doubt that was certainly not carried out', async () => {
    const id = await overtake();
    await settle(id, { attempt: 2, outcome: 'UNKNOWN', retrySeconds: 0, undone: true });
    expect(await call()).toEqual({ attempts: 2, undone: 1 });
    // The first is in doubt still.
    expect(await claimCalls(world.database, everything(1))).toMatchObject([{ attempts: 3, isInDoubt: true }]);
    await world.database.query('update upstream_calls set undone = 2, next_attempt_at = now()');
    expect(await claimCalls(world.database, everything(1))).toMatchObject([{ attempts: 4, isInDoubt: true }]);
    await world.database.query('update upstream_calls set undone = 4, next_attempt_at = now()');
    expect(await claimCalls(world.database, everything(1))).toMatchObject([{ attempts: 5, isInDoubt: false }]);
  });
});
