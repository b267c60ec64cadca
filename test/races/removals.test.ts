import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postgresUrl } from '../support/databases.js';
import { bearer, credentials, type Headers, type ServedGateway } from '../support/gateway.js';
import { type GatewayPair, openGatewayPair } from '../support/gateway-pair.js';
import { type Answer, remove } from '../support/removals.js';

describe.runIf(postgresUrl)('removals that race on two gateways of one PostgreSQL', () => {
  let pair: GatewayPair;
  let database: GatewayPair['database'];
  let gateways: GatewayPair['gateways'];

  beforeAll(async () => {
    pair = await openGatewayPair();
    ({ database, gateways } = pair);
  });
  afterAll(() => pair.close());
  beforeEach(() => pair.reset());

  const names = (answers: readonly Answer[]) => answers.map(({ __typename }) => __typename).sort();

  it('leave a user one project, in each of 200 rounds of four', async () => {
    const projects = ['proj_race-1', 'proj_race-2', 'proj_race-3', 'proj_race-4'];
    await database.query(
      `insert into projects (id, organization_id, name) select id, 'org_demo', id from unnest($1::text[]) id`,
      [projects],
    );
    for (let round = 0; round < 200; round++) {
      await database.query(
        `insert into users (id, organization_id, login, subject) values ('user_race-${round}', 'org_demo', 'race${round}', 'race${round}')`,
      );
      await database.query(
        `insert into project_members (organization_id, project_id, user_id, role)
         select 'org_demo', id, 'user_race-${round}', 'VIEWER' from unnest($1::text[]) id`,
        [projects],
      );
      const user = { id: `user_race-${round}` };
      const answers = await pair.together(
        projects.map(
          (projectId) => (gateway) =>
            remove(gateway, 'unassignUserFromProject', { projectId, user }, credentials.management),
        ),
      );
      const success = 'UnassignUserFromProjectSuccess';
      expect(names(answers)).toEqual(['LastProjectError', success, success, success]);
    }
    const left = await database.query<{ count: number }>(
      "select count(*) as count from project_members where user_id like 'user_race-%' group by user_id",
    );
    expect(left.map(({ count }) => count)).toEqual(Array.from({ length: 200 }, () => 1));
    const [records] = await database.query(
      "select count(*) filter (where state = 'DONE') as done, count(*) filter (where code = 'LAST_PROJECT') as refused from revocations",
    );
    expect(records).toEqual({ done: 600, refused: 200 });
  }, 120_000);

  it('leave the organization an administrator when two remove each other', async () => {
    const [ada, nina]: [Headers, Headers] = [credentials.administratorKey, credentials.plainUserKey];
    const take = (id: string, headers: Headers) => (gateway: ServedGateway) =>
      remove(gateway, 'removeGlobalRole', { user: { id }, role: 'ADMIN' }, headers);
    for (let round = 0; round < 50; round++) {
      await database.query(
        "update users set org_admin = false, global_roles = '{ADMIN}' where id in ('user_ada', 'user_nina')",
      );
      const answers = await pair.together([take('user_nina', ada), take('user_ada', nina)]);
      // The second has lost its own authority by the time of its change, so it is not even told of the last one.
      expect(names(answers)).toEqual(['ForbiddenError', 'RemoveGlobalRoleSuccess']);
      const left = await database.query("select id from users where active and global_roles @> '{ADMIN}'");
      expect(left).toHaveLength(1);
    }
  }, 60_000);

  it('leave the organization an administrator when a third removes both', async () => {
    const administrator = await bearer('somebody');
    const take = (id: string) => (gateway: ServedGateway) =>
      remove(gateway, 'removeGlobalRole', { user: { id }, role: 'ADMIN' }, administrator);
    for (let round = 0; round < 50; round++) {
      await database.query("update users set global_roles = '{ADMIN}' where id in ('user_ada', 'user_nina')");
      expect(names(await pair.together([take('user_ada'), take('user_nina')]))).toEqual([
        'LastAdministratorError',
        'RemoveGlobalRoleSuccess',
      ]);
    }
  }, 60_000);

  it('are done once when the same one is sent 16 times', async () => {
    const rob = 'user_770e8400-e29b-41d4-a716-446655440003';
    const administrator = await bearer();
    const input = { roleId: 'role_reporting', user: { id: rob } };
    const send = (gateway: ServedGateway) => remove(gateway, 'unassignUserFromRole', input, administrator);
    const answers = await pair.together(Array.from({ length: 16 }, () => send));
    expect(names(answers)).toEqual([
      'UnassignUserFromRoleSuccess',
      ...Array.from({ length: 15 }, () => 'UserNotAssignedError'),
    ]);
    const states = await database.query<{ state: string }>('select state from revocations order by state');
    expect(states.map(({ state }) => state).sort()).toEqual(['DONE', ...Array.from({ length: 15 }, () => 'REFUSED')]);
  });

  it('are not in a session that starts after they were acknowledged, however many start meanwhile', async () => {
    const user = 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl';
    const input = { projectId: 'proj_TrlkLiH4', user: { id: user } };
    const startDocument = 'mutation { startSession { __typename ... on StartSessionSuccess { session { id } } } }';
    for (let round = 0; round < 50; round++) {
      await pair.reset();
      // The clock of a token counts seconds: one from the future second is the only one that is surely later.
      const later = await bearer(user, { roles: [], issuedAt: Date.now() / 1000 + 2 });
      const start = async (gateway: ServedGateway) =>
        (await gateway.ask(startDocument, {}, later)).data?.['startSession'] as Answer & { session: { id: string } };
      const removal = remove(gateways[0], 'unassignUserFromProject', input, credentials.management);
      const racing = [start(gateways[1]), start(gateways[0]), start(gateways[1])];
      expect(await removal).toMatchObject({ applied: true });
      const { session } = await start(gateways[1]);
      await Promise.all(racing);
      expect(await database.query('select project_ids from sessions where id = $1', [session.id])).toEqual([
        { project_ids: ['proj_winter'] },
      ]);
      // A session that started while the removal was under way either came first and was ended, or doesn't hold it.
      const holding = await database.query(
        "select id from sessions where user_id = $1 and ended_at is null and 'proj_TrlkLiH4' = any(project_ids)",
        [user],
      );
      expect(holding).toEqual([]);
    }
  }, 60_000);
});
