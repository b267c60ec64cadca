import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databaseKinds } from '../support/databases.js';
import { bearer, credentials, type Headers, openTestGateway, type TestGateway } from '../support/gateway.js';
import { findOffboarding, type OffboardAnswer, offboard } from '../support/offboardings.js';

const rob = 'user_770e8400-e29b-41d4-a716-446655440003';
const uma = 'user_5ce7c2d833ea1e04d7e6c432';
const vera = 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl';
const operators = 'role_550e8400-e29b-41d4-a716-446655440000';

describe.each(databaseKinds)('offboardUser, where the directory is the authority, on %s', (kind) => {
  let gateway: TestGateway;
  let administrator: Headers;
  beforeAll(async () => {
    gateway = await openTestGateway(kind);
    administrator = await bearer();
  });
  beforeEach(() => gateway.reset());
  afterAll(() => gateway.close());

  const offboardAs = (input: object, headers = administrator) => offboard(gateway, input, headers);
  /** What the directory has of a user. */
  const holdingsOf = async (user: string) =>
    (
      await gateway.rows(
        `select u.active, u.global_roles::text[] as global_roles,
           array(select project_id from project_members where user_id = u.id order by 1) as projects,
           array(select role_id from role_users where user_id = u.id order by 1) as roles,
           array(select resource_id from user_resources where user_id = u.id order by 1) as resources,
           (select count(*)::integer from sessions where user_id = u.id and ended_at is null) as sessions
         from users u where u.id = $1`,
        user,
      )
    )[0];
  const nothing = { active: false, global_roles: [], projects: [], roles: [], resources: [], sessions: 0 };
  const records = () =>
    gateway.rows(
      `select id, kind::text, state::text, code, requested_target, project_role, actor, reason, offboarding_id, system
       from revocations where offboarding_id is not null order by id`,
    );

  it('takes away every project, role, direct grant and global role, each as a revocation of its own', async () => {
    await gateway.rows(`update users set global_roles = '{BASE_ROLE,ODATA}' where id = $1`, rob);
    const answer = await offboardAs({ user: { id: rob }, reason: 'left' });
    expect(answer).toMatchObject({
      ...{ __typename: 'OffboardUserSuccess', applied: true, sessionEffect: 'ENDED' },
      sessions: [{ id: 'sess_demo-2', active: false }],
      offboarding: {
        ...{ state: 'DONE', progress: { total: 6, done: 6, refused: 0, pending: 0 } },
        ...{ actor: 'user_ada', reason: 'left', user: { id: rob, active: false }, revocations: { totalCount: 6 } },
      },
    });
    expect(answer.offboarding.settledAt).not.toBeNull();
    expect(await holdingsOf(rob)).toEqual(nothing);
    const shared = { state: 'DONE', code: null, actor: 'user_ada', reason: 'left', system: null };
    expect(await records()).toMatchObject([
      { kind: 'PROJECT', requested_target: 'proj_TrlkLiH4', project_role: 'VIEWER', ...shared },
      { kind: 'ROLE', requested_target: operators, ...shared },
      { kind: 'ROLE', requested_target: 'role_reporting', ...shared },
      { kind: 'GLOBAL_ROLE', requested_target: 'BASE_ROLE', ...shared },
      { kind: 'GLOBAL_ROLE', requested_target: 'ODATA', ...shared },
      { kind: 'RESOURCE', requested_target: 'res_servers', project_role: null, ...shared },
    ]);
    expect(answer.steps).toMatchObject([
      { kind: 'PROJECT', state: 'DONE', project: { id: 'proj_TrlkLiH4' }, role: null },
      { kind: 'ROLE', role: { id: operators } },
      { kind: 'ROLE', role: { id: 'role_reporting' } },
      { kind: 'GLOBAL_ROLE', globalRole: 'BASE_ROLE' },
      { kind: 'GLOBAL_ROLE', globalRole: 'ODATA' },
      { kind: 'RESOURCE', resource: { id: 'res_servers' }, project: null },
    ]);
    expect(await findOffboarding(gateway, answer.offboarding.id, administrator)).toMatchObject({ state: 'DONE' });
  });

  it('takes a last project too, and touches nobody else', async () => {
    const others = 'select * from project_members where user_id <> $1 order by user_id, project_id';
    const before = await gateway.rows(others, 'user_nina');
    expect(await offboardAs({ user: { login: 'nina@demo.test' } })).toMatchObject({
      ...{ applied: true, sessionEffect: 'NONE', offboarding: { progress: { total: 1, done: 1 } } },
    });
    expect(await holdingsOf('user_nina')).toMatchObject({ projects: [], active: false });
    expect(await gateway.rows(others, 'user_nina')).toEqual(before);
  });

  it('refuses every credential of the user from then on', async () => {
    const token = await bearer('user_mia', { roles: [], issuedAt: Date.now() / 1000 - 1 });
    const started = await gateway.ask('mutation { startSession { ... on StartSessionSuccess { token } } }', {}, token);
    const session = (started.data?.['startSession'] as { token: string } | undefined)?.token;
    const all = [token, credentials.userManagerKey, { Authorization: `Bearer ${session}` }];
    const viewer = (headers: Headers) => gateway.ask('{ viewer { credential } }', {}, headers);
    for (const headers of all) {
      expect((await viewer(headers)).errors).toBeUndefined();
    }
    await offboardAs({ user: { id: 'user_mia' } });
    for (const headers of [...all, await bearer('user_mia', { issuedAt: Date.now() / 1000 + 2 })]) {
      expect((await viewer(headers)).errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    }
  });

  it('changes and records nothing on a dry run, and tells what would go', async () => {
    const before = await holdingsOf(rob);
    const answer = await offboardAs({ user: { id: rob }, reason: 'perhaps', dryRun: true });
    expect(answer).toMatchObject({
      ...{ applied: false, sessionEffect: 'ENDED', sessions: [{ id: 'sess_demo-2', active: true }] },
      offboarding: {
        ...{ state: 'DONE', progress: { total: 4, done: 4, refused: 0, pending: 0 }, reason: 'perhaps' },
        ...{ user: { id: rob, active: true }, revocations: { totalCount: 0 } },
      },
    });
    expect(answer.steps).toHaveLength(4);
    expect([await holdingsOf(rob), await records()]).toEqual([before, []]);
    expect(await gateway.rows('select id from offboardings')).toEqual([]);
    expect(await findOffboarding(gateway, answer.offboarding.id, administrator)).toBeNull();
  });

  it('is allowed again, and then takes what has come since', async () => {
    await offboardAs({ user: { id: uma } });
    const again = await offboardAs({ user: { id: uma } });
    expect(again).toMatchObject({ applied: true, steps: [], offboarding: { state: 'DONE', progress: { total: 0 } } });
    expect(again.offboarding.settledAt).toBe((again.offboarding as unknown as { startedAt: string }).startedAt);
    await gateway.rows(
      `insert into user_resources (organization_id, user_id, resource_id) values ('org_demo', $1, 'res_vpn')`,
      uma,
    );
    expect(await offboardAs({ user: { id: uma } })).toMatchObject({ steps: [{ resource: { id: 'res_vpn' } }] });
    expect(await holdingsOf(uma)).toEqual(nothing);
  });

  it('leaves the last active administrator, with everything', async () => {
    const before = await holdingsOf('user_ada');
    for (const dryRun of [true, false]) {
      expect(await offboardAs({ user: { id: 'user_ada' }, dryRun })).toMatchObject({
        ...{ __typename: 'LastAdministratorError', code: 'LAST_ADMINISTRATOR', httpStatus: 409 },
      });
    }
    expect([await holdingsOf('user_ada'), await records()]).toEqual([before, []]);
    expect(await gateway.rows('select id from offboardings')).toEqual([]);
    await gateway.rows(`update users set active = true where id = 'user_ines'`);
    expect(await offboardAs({ user: { id: 'user_ada' } })).toMatchObject({ applied: true });
    expect(await holdingsOf('user_ada')).toEqual(nothing);
  });

  it('is not for those who may not, whatever they may otherwise', async () => {
    const { management, administratorKey, userManagerKey } = credentials;
    const plain = await bearer('user_nina', { roles: [] });
    for (const headers of [management, administratorKey, userManagerKey, plain]) {
      expect(await offboardAs({ user: { id: vera } }, headers)).toMatchObject({ __typename: 'ForbiddenError' });
    }
    expect(await offboardAs({ user: { id: vera } }, {})).toMatchObject({ __typename: 'UnauthenticatedError' });
    expect(await holdingsOf(vera)).toMatchObject({ active: true, sessions: 1 });
  });

  it('is not for an administrator who was deactivated while asking', async () => {
    const document = (input: string) => `offboardUser(input: { user: { id: "${input}" } }) { __typename }`;
    await gateway.rows(
      `update users set global_roles = '{ADMIN}', active = true where id in ('user_ada', 'user_ines')`,
    );
    const { data } = await gateway.ask(
      `mutation { first: ${document('user_ada')} second: ${document(vera)} }`,
      {},
      administrator,
    );
    expect(data).toMatchObject({
      first: { __typename: 'OffboardUserSuccess' },
      second: { __typename: 'ForbiddenError' },
    });
    expect(await holdingsOf(vera)).toMatchObject({ active: true });
  });

  it('finds nobody of another organization', async () => {
    for (const user of [{ id: 'user_bo' }, { id: 'user_nobody' }, { login: 'bo@basic.test' }]) {
      const [name] = Object.values(user);
      const answer = await offboardAs({ user });
      expect(answer).toMatchObject({ __typename: 'NotFoundError', resourceType: 'USER', resourceId: name });
    }
    expect(await offboardAs({ user: { id: 'rob' } })).toMatchObject({
      ...{ __typename: 'InvalidInputError', issues: [{ path: ['input', 'user', 'id'] }] },
    });
    expect(await holdingsOf('user_bo')).toMatchObject({ active: true });
  });

  it('is listed, found by its id and by its revocations, for administrators of the organization alone', async () => {
    const { offboarding }: OffboardAnswer = await offboardAs({ user: { id: rob } });
    const { id } = offboarding;
    const query = `query ($id: ID!) {
      node(id: $id) { id ... on Offboarding { state } }
      offboardings { totalCount edges { node { id user { login } revocations(first: 1) { edges { node { offboarding { id } } } } } } }
    }`;
    expect((await gateway.ask(query, { id }, administrator)).data).toEqual({
      node: { id, state: 'DONE' },
      offboardings: {
        totalCount: 1,
        edges: [
          {
            node: { id, user: { login: 'rob@demo.test' }, revocations: { edges: [{ node: { offboarding: { id } } }] } },
          },
        ],
      },
    });
    const stranger = await bearer('somebody', { organization: 'org_basic' });
    expect((await gateway.ask(query, { id }, stranger)).data).toEqual({
      node: null,
      offboardings: { totalCount: 0, edges: [] },
    });
    const ofRevocation = '{ revocations(first: 1) { edges { node { offboarding { id } } } } }';
    const seen = await gateway.ask(ofRevocation, {}, credentials.userManagerKey);
    expect(seen.data).toEqual({ revocations: { edges: [{ node: { offboarding: null } }] } });
    const byId = await gateway.ask('query ($id: ID!) { node(id: $id) { id } }', { id }, credentials.management);
    expect(byId.data).toEqual({ node: null });
    for (const field of ['offboardings { totalCount }', `offboarding(id: "${id}") { id }`]) {
      const { errors } = await gateway.ask(`{ ${field} }`, {}, credentials.management);
      expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    }
  });

  it('tells the administrator that it may', async () => {
    const permissions = async (headers: Headers) =>
      JSON.stringify((await gateway.ask('{ viewer { permissions } }', {}, headers)).data);
    expect(await permissions(administrator)).toContain('OFFBOARD_USER');
    expect(await permissions(credentials.administratorKey)).not.toMatch('OFFBOARD_USER');
  });
});
