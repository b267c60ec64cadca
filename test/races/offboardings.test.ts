import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postgresUrl } from '../support/databases.js';
import { bearer, credentials, type Headers, type ServedGateway } from '../support/gateway.js';
import { type GatewayPair, openGatewayPair } from '../support/gateway-pair.js';
import { offboard } from '../support/offboardings.js';
import { type Answer, remove } from '../support/removals.js';

describe.runIf(postgresUrl)('off-boardings that race on two gateways of one PostgreSQL', () => {
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
  const administrators = () => database.query("select id from users where active and global_roles @> '{ADMIN}'");

  it('leave the organization an administrator when two off-board each other', async () => {
    const tokens = [await bearer('user_ada'), await bearer('user_nina')] as const;
    for (let round = 0; round < 30; round++) {
      await pair.reset();
      await database.query(`update users set global_roles = '{ADMIN}' where id in ('user_ada', 'user_nina')`);
      const answers = await Promise.all([
        offboard(gateways[0], { user: { id: 'user_nina' } }, tokens[0]),
        offboard(gateways[1], { user: { id: 'user_ada' } }, tokens[1]),
      ]);
      // The second one is no administrator any more by the time of its change, or is not even authenticated.
      expect(names(answers).filter((name) => name === 'OffboardUserSuccess')).toHaveLength(1);
      expect(await administrators()).toHaveLength(1);
    }
  });

  it('leave the organization an administrator when a third off-boards one and takes ADMIN from the other', async () => {
    const third: Headers = await bearer('somebody');
    for (let round = 0; round < 30; round++) {
      await pair.reset();
      await database.query(`update users set global_roles = '{ADMIN}' where id in ('user_ada', 'user_nina')`);
      const answers = await Promise.all([
        offboard(gateways[0], { user: { id: 'user_nina' } }, third),
        remove(gateways[1], 'removeGlobalRole', { user: { id: 'user_ada' }, role: 'ADMIN' }, third),
      ]);
      expect(names(answers)).toContain('LastAdministratorError');
      expect(await administrators()).toHaveLength(1);
    }
  });

  it('take everything once when the same one is sent eight times', async () => {
    const administrator = await bearer();
    const user = { id: 'user_770e8400-e29b-41d4-a716-446655440003' };
    const send = (index: number) => offboard(gateways[index % 2 === 0 ? 0 : 1], { user }, administrator);
    const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => send(index)));
    expect(names(answers)).toEqual(Array(8).fill('OffboardUserSuccess'));
    expect(answers.map(({ steps }) => steps.length).sort()).toEqual([0, 0, 0, 0, 0, 0, 0, 4]);
    expect(await database.query('select count(*)::integer as count from revocations')).toEqual([{ count: 4 }]);
  });

  it('leave no session that starts meanwhile, and none can be started after', async () => {
    const user = 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl';
    const administrator = await bearer();
    const startDocument = 'mutation { startSession { __typename ... on StartSessionSuccess { session { id } } } }';
    for (let round = 0; round < 30; round++) {
      await pair.reset();
      const later = await bearer(user, { roles: [], issuedAt: Date.now() / 1000 + 2 });
      const start = async (gateway: ServedGateway) => gateway.ask(startDocument, {}, later);
      const leaving = offboard(gateways[0], { user: { id: user } }, administrator);
      const racing = [start(gateways[1]), start(gateways[0]), start(gateways[1])];
      expect(await leaving).toMatchObject({ applied: true });
      expect((await start(gateways[1])).data?.['startSession']).toEqual({ __typename: 'UnauthenticatedError' });
      await Promise.all(racing);
      const open = await database.query('select id from sessions where user_id = $1 and ended_at is null', [user]);
      expect(open).toEqual([]);
    }
  });

  it('and removals of the same user end with everything gone, recorded once', async () => {
    const user = 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl';
    const administrator = await bearer();
    const input = { projectId: 'proj_TrlkLiH4', user: { id: user } };
    for (let round = 0; round < 30; round++) {
      await pair.reset();
      const [left, removed] = await Promise.all([
        offboard(gateways[0], { user: { id: user } }, administrator),
        remove(gateways[1], 'unassignUserFromProject', input, credentials.management),
      ]);
      const wasFirst = removed.__typename === 'UnassignUserFromProjectSuccess';
      expect([left.steps.length, wasFirst ? 'done' : removed.__typename]).toEqual(
        wasFirst ? [1, 'done'] : [2, 'UserNotAssignedError'],
      );
      expect(await database.query('select 1 from project_members where user_id = $1', [user])).toEqual([]);
      const done = await database.query("select requested_target from revocations where state = 'DONE'");
      expect(done).toHaveLength(2);
    }
  });
});
