import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postgresUrl, type TestDatabase } from '../support/databases.js';
import { bearer, credentials, type Headers, type ServedGateway } from '../support/gateway.js';
import { type GatewayPair, openGatewayPair } from '../support/gateway-pair.js';
import { grant } from '../support/grants.js';
import { type Answer, remove } from '../support/removals.js';
import { eventually, openUpstreamGateway, type UpstreamGateway } from '../support/upstream-gateway.js';

const vera = 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl';
const membership = { projectId: 'proj_TrlkLiH4', user: { id: vera } };
const names = (answers: readonly Answer[]) => answers.map(({ __typename }) => __typename).sort();
type Send = (gateway: Pick<ServedGateway, 'ask'>) => Promise<Answer>;

const assign: Send = (gateway) =>
  grant(gateway, 'assignUserToProject', { ...membership, role: 'OWNER' }, credentials.management);
const unassign: Send = (gateway) => remove(gateway, 'unassignUserFromProject', membership, credentials.management);
const roleOf = async (database: Pick<TestDatabase, 'query'>) =>
  (
    await database.query<{ role: string }>(
      `select role from project_members where user_id = '${vera}' and project_id = 'proj_TrlkLiH4'`,
    )
  )[0]?.role ?? null;
const leave = `delete from project_members where user_id = '${vera}' and project_id = 'proj_TrlkLiH4'`;

describe.runIf(postgresUrl)('grants that race on two gateways of one PostgreSQL', () => {
  let pair: GatewayPair;
  let database: GatewayPair['database'];
  let gateways: GatewayPair['gateways'];
  let administrator: Headers;

  beforeAll(async () => {
    pair = await openGatewayPair();
    ({ database, gateways } = pair);
    administrator = await bearer();
  });
  afterAll(() => pair.close());
  beforeEach(() => pair.reset());

  it('leave what the later of a grant and a removal of the same said, in each of 100 rounds', async () => {
    const seen = new Set<string>();
    for (let round = 0; round < 100; round++) {
      await database.query(leave);
      const isHeld = round % 2 === 0;
      if (isHeld) {
        await database.query(`insert into project_members values ('org_demo', 'proj_TrlkLiH4', '${vera}', 'EDITOR')`);
      }
      const [given, taken] = await (round % 4 < 2
        ? pair.together([assign, unassign])
        : pair.together([unassign, assign]).then((answers) => answers.reverse()));
      const done = [given?.['applied'] === true, taken?.['applied'] === true];
      const role = await roleOf(database);
      // Who could act on what the other had done came second, and the other one had to be first.
      expect([isHeld, ...done, role]).toEqual(
        isHeld ? [true, role !== null, true, role && 'OWNER'] : [false, true, role === null, role && 'OWNER'],
      );
      seen.add(`${isHeld} ${done}`);
    }
    // Both orders came up, so the race was one.
    expect(seen.size).toBeGreaterThan(2);
  }, 60_000);

  it('are done once when the same one is sent 16 times', async () => {
    await database.query(leave);
    const answers = await pair.together(Array.from({ length: 16 }, () => assign));
    expect(names(answers)).toEqual(['AssignUserToProjectSuccess', ...Array(15).fill('ConflictError')]);
    const records = await database.query(
      'select state, count(*)::integer as count from grants group by state order by 1',
    );
    expect(records).toEqual([
      { state: 'DONE', count: 1 },
      { state: 'REFUSED', count: 15 },
    ]);
  });

  it('restore a removal once when that is asked for 16 times', async () => {
    const taken = await unassign(gateways[0]);
    const { id: revocationId } = taken['revocation'] as { id: string };
    const restore: Send = (gateway) => grant(gateway, 'restoreAccess', { revocationId }, administrator);
    const answers = await pair.together(Array.from({ length: 16 }, () => restore));
    expect(names(answers)).toEqual([...Array(15).fill('ConflictError'), 'RestoreAccessSuccess']);
    expect(await roleOf(database)).toBe('EDITOR');
  });

  it('give the global role to one who loses another at the same time, and lose neither change', async () => {
    const uma = 'user_5ce7c2d833ea1e04d7e6c432';
    for (let round = 0; round < 25; round++) {
      await database.query(`update users set global_roles = '{BASE_ROLE}' where id = '${uma}'`);
      const user = { id: uma };
      await pair.together([
        (gateway) => grant(gateway, 'addGlobalRole', { user, role: 'ODATA' }, administrator),
        (gateway) => remove(gateway, 'removeGlobalRole', { user, role: 'BASE_ROLE' }, administrator),
        (gateway) => grant(gateway, 'addGlobalRole', { user, role: 'API_KEYS' }, administrator),
      ]);
      const [row] = await database.query<{ held: string[] }>(
        `select array(select unnest(global_roles)::text order by 1) as held from users where id = '${uma}'`,
      );
      expect(row?.held).toEqual(['API_KEYS', 'ODATA']);
    }
  }, 60_000);

  it('give nothing in the name of a caller once it has lost its authority', async () => {
    const lose: Send = (gateway) =>
      remove(gateway, 'removeGlobalRole', { user: { id: 'user_mia' }, role: 'USER_MANAGER' }, administrator);
    const give =
      (id: string): Send =>
      (gateway) =>
        grant(gateway, 'addGlobalRole', { user: { id }, role: 'ODATA' }, credentials.userManagerKey);
    const seen = new Set<string>();
    for (let round = 0; round < 25; round++) {
      await pair.reset();
      const answers = await pair.together([give('user_nina'), give('user_leo'), lose, give('user_noa'), give(vera)]);
      expect(answers[2]).toMatchObject({ applied: true });
      const late = await database.query(
        `select g.id from grants g, revocations v where g.state = 'DONE' and g.settled_at > v.settled_at`,
      );
      expect(late).toEqual([]);
      names(answers).forEach((name) => {
        seen.add(name);
      });
    }
    // Both orders came up.
    expect([...seen]).toEqual(expect.arrayContaining(['AddGlobalRoleSuccess', 'ForbiddenError']));
  }, 60_000);
});

describe.runIf(postgresUrl)('grants and removals of another system that race on two gateways', () => {
  let gateway: UpstreamGateway;
  let other: ServedGateway;
  beforeAll(async () => {
    gateway = await openUpstreamGateway('postgresql');
    other = await gateway.serve();
  });
  beforeEach(() => gateway.reset());
  afterAll(async () => {
    await other.close();
    await gateway.close();
  });

  it('agree with the system in the end, whichever was first and however it answered', async () => {
    const seen = new Set<string>();
    for (let round = 0; round < 12; round++) {
      await gateway.reset();
      if (round % 2 === 0) {
        // Else it is held: no grant can be first.
        await gateway.rows(leave);
        gateway.fakes.VOUCHERIFY.assignments.delete(`proj_TrlkLiH4 ${vera}`);
      }
      // Every fifth answer is lost, after the system has done what was asked for.
      let asked = round;
      gateway.fakes.VOUCHERIFY.respondWith((_request, act) => {
        asked += 1;
        const answer = act();
        return asked % 5 === 0 ? { status: 500, body: 'lost' } : answer;
      });
      const answers = await Promise.all([assign(gateway), unassign(other)]);
      gateway.fakes.VOUCHERIFY.respondWith(null);
      await gateway.rows('update upstream_calls set next_attempt_at = now()');
      await eventually(async () => (await gateway.rows('select 1 from upstream_calls')).length === 0, 'all is settled');
      const isHeld = (await roleOf(gateway.database)) !== null;
      expect(await gateway.has('VOUCHERIFY', vera, 'proj_TrlkLiH4')).toBe(isHeld);
      const [last] = await gateway.rows(
        `select id from (select id, settled_at, state from revocations union all select id, settled_at, state from grants) r
         where state = 'DONE' order by settled_at desc, id limit 1`,
      );
      // Where nothing was done, the removal found nothing to take and the grant came too late to wait for that.
      expect(isHeld).toBe(/^grant_/.test(String(last?.['id'])));
      seen.add(answers.map(({ __typename }) => __typename).join());
    }
    expect(seen.size).toBeGreaterThan(1);
  }, 60_000);
});
