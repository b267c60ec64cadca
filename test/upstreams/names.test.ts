import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databaseKinds, openTestDatabase, type TestDatabase } from '../support/databases.js';
import { bearer, credentials, type Headers, type ServedGateway, serveDatabase } from '../support/gateway.js';
import { grant } from '../support/grants.js';
import { remove } from '../support/removals.js';
import { loadNamedDemo, openUpstreamWorld, type UpstreamWorld } from '../support/upstream-gateway.js';
import { type FakeUpstream, startFakeUpstream } from '../support/upstreams.js';

describe.each(databaseKinds)('what a caller names a user or a project, on %s', (kind) => {
  let world: UpstreamWorld;
  let gateway: ServedGateway;
  beforeAll(async () => {
    world = await openUpstreamWorld(kind);
    gateway = await world.serve();
  });
  beforeEach(() => world.reset());
  afterAll(async () => {
    await gateway.close();
    await world.close();
  });

  const unassign = (user: object, projectId = 'proj_TrlkLiH4') =>
    remove(gateway, 'unassignUserFromProject', { projectId, user }, credentials.management);
  const sent = () => world.fakes.VOUCHERIFY.requests.map(({ path }) => path);
  const left = async () => ({
    sent: sent(),
    records: await world.database.query('select from revocations'),
    calls: await world.database.query('select from upstream_calls'),
  });

  it.each(['ada+x@acme.test', "o'hara@acme.test", 'bj\u00f6rk@acme.test', 'a:b@acme.test', '...', 'a..b', '~', '*'])(
    'may be a login that only the system knows: %s, which is one segment of the path',
    async (login) => {
      world.fakes.VOUCHERIFY.assignments.add(`proj_TrlkLiH4 ${login}`);
      expect(await unassign({ login })).toMatchObject({
        applied: true,
        user: null,
        revocation: { requestedUser: login },
      });
      expect(sent()).toEqual([`/management/v1/projects/proj_TrlkLiH4/users/${encodeURIComponent(login)}`]);
      expect(world.fakes.VOUCHERIFY.assignments.has(`proj_TrlkLiH4 ${login}`)).toBe(false);
    },
  );

  it.each(['.', '..', 'a/b', '../users/vera', '%2e%2e', '%2F', 'a\\b', 'a b', 'a?b', 'a#b', '\u00a0'])(
    'is nothing that could be another path: %s as a login, which is not recorded',
    async (login) => {
      expect(await unassign({ login })).toMatchObject({
        ...{ __typename: 'InvalidInputError', issues: [{ path: ['input', 'user', 'login'] }] },
      });
      expect(await left()).toEqual({ sent: [], records: [], calls: [] });
    },
  );

  it.each(['..', 'a/b', '%2e%2e', 'summer?'])('is nothing that could be another path: %s as an id', async (id) => {
    expect(await unassign({ id })).toMatchObject({
      ...{ __typename: 'InvalidInputError', issues: [{ path: ['input', 'user', 'id'] }] },
    });
    expect(await unassign({ login: 'ada@demo.test' }, id)).toMatchObject({
      ...{ __typename: 'InvalidInputError', issues: [{ path: ['input', 'projectId'] }] },
    });
    expect(await left()).toEqual({ sent: [], records: [], calls: [] });
  });

  it('is nothing that could be another path where the directory has it so either', async () => {
    await world.database.query(`update users set external_ids = '{"VOUCHERIFY": ".."}' where login = 'vera@demo.test'`);
    expect(await unassign({ login: 'vera@demo.test' })).toMatchObject({ __typename: 'InvalidInputError' });
    expect(await left()).toEqual({ sent: [], records: [], calls: [] });
    expect((await world.database.query(`select from project_members where role = 'EDITOR'`)).length).toBe(2);
  });

  describe('leads to the directory’s own', () => {
    const rob = 'user_770e8400-e29b-41d4-a716-446655440003';
    const operators = 'role_550e8400-e29b-41d4-a716-446655440000';
    const ids = async () => {
      const [row] = await world.database.query<{ user: string; role: string }>(
        `select u.external_ids->>'ENTRYGUARD' as "user", r.external_ids->>'ENTRYGUARD' as role
         from users u, roles r where u.id = $1 and r.id = $2`,
        [rob, operators],
      );
      return { user: String(row?.user), role: String(row?.role) };
    };
    const holders = () =>
      world.database.query('select 1 from role_users where user_id = $1 and role_id = $2', [rob, operators]);

    it('where a login is given as an id, as the system would take it', async () => {
      const user = { id: 'vera@demo.test' };
      expect(await unassign(user)).toMatchObject({ applied: true, user: { id: expect.stringMatching(/^user_VNB/) } });
      expect(await unassign(user, 'proj_winter')).toMatchObject({ __typename: 'LastProjectError' });
      await world.database.query(`update users set active = false where login = 'vera@demo.test'`);
      const input = { projectId: 'proj_TrlkLiH4', user, role: 'OWNER' };
      expect(await grant(gateway, 'assignUserToProject', input, credentials.management)).toMatchObject({
        __typename: 'ConflictError',
      });
      expect(world.fakes.VOUCHERIFY.requests).toHaveLength(1);
    });

    it('where a UUID is given in capitals, which the system reads as the same', async () => {
      const { user, role } = await ids();
      const input = { roleId: role.toUpperCase(), user: { id: user.toUpperCase() } };
      const answer = await remove(gateway, 'unassignUserFromRole', input, await bearer());
      expect(answer).toMatchObject({ applied: true, user: { id: rob }, role: { id: operators } });
      expect(await holders()).toEqual([]);
      expect(await world.has('ENTRYGUARD', rob, operators)).toBe(false);
    });

    it('where its own UUID is in capitals', async () => {
      const { user, role } = await ids();
      await world.database.query(
        `update users set external_ids = jsonb_build_object('ENTRYGUARD', upper(external_ids->>'ENTRYGUARD')) where id = $1`,
        [rob],
      );
      expect(
        await remove(gateway, 'unassignUserFromRole', { roleId: operators, user: { id: rob } }, await bearer()),
      ).toMatchObject({ applied: true });
      expect(world.fakes.ENTRYGUARD.requests.map(({ path }) => path)).toEqual([`/api/v1/roles/${role}/users/${user}`]);
    });
  });

  it('goes to the system, and nothing else of the request does', async () => {
    const headers = {
      ...{ Cookie: 'a=hunter2', 'X-Forwarded-For': '203.0.113.7', 'X-Custom': 'hunter2', Referer: 'https://app.test/' },
      ...{ Origin: 'https://app.test', 'Accept-Language': 'tlh', 'User-Agent': 'hunter2', Baggage: 'user=hunter2' },
      ...{
        ...credentials.management,
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        tracestate: 'a=hunter2',
      },
    };
    const input = { projectId: 'proj_TrlkLiH4', user: { login: 'vera@demo.test' }, reason: 'hunter2' };
    expect(await remove(gateway, 'unassignUserFromProject', input, headers)).toMatchObject({ applied: true });
    const [request] = world.fakes.VOUCHERIFY.requests;
    expect(Object.keys(request?.headers ?? {}).sort()).toEqual([
      ...['accept', 'accept-encoding', 'connection', 'host', 'traceparent', 'user-agent'],
      ...['x-management-id', 'x-management-token'],
    ]);
    expect(JSON.stringify(request)).not.toMatch(/hunter2|203\.0\.113|app\.test|tlh|demo-management-token|mgmt_demo/);
  });
});

describe('two organizations with systems of their own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'divest-organizations-'));
  let database: TestDatabase;
  let gateway: ServedGateway;
  let fakes: readonly [FakeUpstream, FakeUpstream];
  let callers: readonly [Headers, Headers];
  beforeAll(async () => {
    fakes = [await startFakeUpstream('VOUCHERIFY'), await startFakeUpstream('VOUCHERIFY')];
    database = await openTestDatabase('embedded');
    await loadNamedDemo(database);
    const upstreams = { org_demo: { voucherify: fakes[0].section }, org_basic: { voucherify: fakes[1].section } };
    writeFileSync(join(folder, 'upstreams.json'), JSON.stringify(upstreams));
    gateway = await serveDatabase(database, { UPSTREAMS_FILE: join(folder, 'upstreams.json') });
    callers = [await bearer(), await bearer('user_bo', { organization: 'org_basic' })];
  });
  beforeEach(() => {
    for (const fake of fakes) {
      fake.requests.length = 0;
      fake.assignments.add('proj_shared somebody@acme.test');
    }
  });
  afterAll(async () => {
    await Promise.all(fakes.map((fake) => fake.close()));
    await gateway.close();
    await database.close();
    rmSync(folder, { recursive: true });
  });
  const unassign = (projectId: string, user: object, caller: Headers) =>
    remove(gateway, 'unassignUserFromProject', { projectId, user }, caller);

  it.each([0, 1] as const)('number %i asks its own only', async (mine) => {
    const answer = await unassign('proj_shared', { login: 'somebody@acme.test' }, callers[mine]);
    expect(answer).toMatchObject({ applied: true });
    expect(fakes.map(({ assignments }) => assignments.has('proj_shared somebody@acme.test'))).toEqual([
      ...[mine !== 0, mine !== 1],
    ]);
  });

  it('never touch each other’s directory: an id of the other’s is a name like any that is not known', async () => {
    const answer = await unassign('proj_TrlkLiH4', { id: 'user_ada' }, callers[1]);
    expect(answer).toMatchObject({ __typename: 'UserNotAssignedError' });
    expect(fakes.map(({ requests }) => requests.length)).toEqual([0, 1]);
    expect(await database.query(`select from project_members where user_id = 'user_ada'`)).toHaveLength(2);
    const [record] = await database.query(
      'select organization_id, user_id, project_id from revocations order by requested_at desc limit 1',
    );
    expect(record).toEqual({ organization_id: 'org_basic', user_id: null, project_id: null });
  });

  it('may have the same removal under way at once', async () => {
    for (const fake of fakes) {
      fake.respondWith(() => ({ status: 500 }));
    }
    for (const caller of callers) {
      expect(await unassign('proj_shared', { login: 'somebody@acme.test' }, caller)).toMatchObject({
        outcomeUnknown: true,
      });
    }
    expect(await database.query('select organization_id from upstream_calls order by 1')).toHaveLength(2);
  });
});

describe('a system that never answers', () => {
  it('leaves the removal PENDING after five seconds, in which others are answered', async () => {
    const world = await openUpstreamWorld('embedded');
    const gateway = await world.serve();
    world.fakes.VOUCHERIFY.respondWith(() => null);
    const from = performance.now();
    const asking = remove(
      ...([gateway, 'unassignUserFromProject'] as const),
      ...([{ projectId: 'proj_TrlkLiH4', user: { login: 'vera@demo.test' } }, credentials.management] as const),
    );
    const others = await Promise.all(
      Array.from({ length: 20 }, () => gateway.ask('{ viewer { credential } }', {}, credentials.management)),
    );
    expect(others.every(({ errors }) => errors === undefined)).toBe(true);
    expect(performance.now() - from).toBeLessThan(4_000);
    expect(await asking).toMatchObject({
      ...{ code: 'UPSTREAM_TIMEOUT', httpStatus: 504, outcomeUnknown: true, retryable: false },
      revocation: { state: 'PENDING', code: null },
    });
    expect(performance.now() - from).toBeLessThan(9_000);
    await Promise.all([gateway.close(), world.fakes.VOUCHERIFY.close()]);
    await world.close();
  });
});
