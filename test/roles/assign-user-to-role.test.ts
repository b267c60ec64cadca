import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databaseKinds } from '../support/databases.js';
import { bearer, credentials, type Headers, openTestGateway, type TestGateway } from '../support/gateway.js';
import { grant } from '../support/grants.js';

const roleId = 'role_reporting';
const nina = 'user_nina';

describe.each(databaseKinds)('assignUserToRole on %s', (kind) => {
  let test: TestGateway;
  let administrator: Headers;
  beforeAll(async () => {
    test = await openTestGateway(kind);
    administrator = await bearer();
  });
  beforeEach(() => test.reset());
  afterAll(() => test.close());

  const assign = (input: object, headers = administrator) =>
    grant(test, 'assignUserToRole', { roleId, user: { id: nina }, ...input }, headers);
  const holders = async () =>
    (await test.rows('select user_id from role_users where role_id = $1 order by 1', roleId)).map(
      (row) => row['user_id'],
    );
  const grants = () => test.rows('select * from grants order by id');
  const [rob] = ['user_770e8400-e29b-41d4-a716-446655440003'];

  it('assigns a user, who reaches what the role grants, and puts it on record', async () => {
    expect(await assign({ reason: 'reports' })).toMatchObject({
      ...{ __typename: 'AssignUserToRoleSuccess', applied: true, role: { id: roleId }, user: { id: nina } },
      grant: { kind: 'ROLE', state: 'DONE', actor: 'user_ada', reason: 'reports', projectRole: null },
    });
    expect(await holders()).toEqual([rob, nina]);
    const reached = `{ user(by: { id: "${nina}" }) { resources { edges { node { id } roles { id } } } } }`;
    expect((await test.ask(reached, {}, administrator)).data).toEqual({
      user: { resources: { edges: [{ node: { id: 'res_reports' }, roles: [{ id: roleId }] }] } },
    });
    expect(await grants()).toMatchObject([{ kind: 'ROLE', state: 'DONE', user_id: nina, role_id: roleId }]);
  });

  it('tells on a dry run whether a session could be started then, and changes and records nothing', async () => {
    await test.rows(`insert into roles (id, organization_id, name) values ('role_empty', 'org_demo', 'Empty')`);
    const noa = { user: { id: 'user_noa' }, dryRun: true };
    expect(await assign(noa)).toMatchObject({ applied: false, grant: null, canStartSession: true });
    expect(await assign({ ...noa, roleId: 'role_empty' })).toMatchObject({ applied: false, canStartSession: false });
    expect([await holders(), await grants()]).toEqual([[rob], []]);
  });

  it.each([
    ['a user who has the role', { user: { id: rob } }, 'ConflictError'],
    ['a user who is not active', { user: { id: 'user_ines' } }, 'ConflictError'],
    ['a role that is not there', { roleId: 'role_none' }, 'NotFoundError'],
    ['a user of another organization', { user: { id: 'user_bo' } }, 'NotFoundError'],
  ])('refuses %s, on record', async (_what, input, type) => {
    expect(await assign(input)).toMatchObject({ __typename: type });
    expect(await holders()).toEqual([rob]);
    expect(await grants()).toMatchObject([{ state: 'REFUSED', kind: 'ROLE' }]);
  });

  it('is for nobody but an administrator, whose authority is looked at again inside the change', async () => {
    for (const headers of [credentials.management, credentials.administratorKey, credentials.userManagerKey]) {
      expect(await assign({}, headers)).toMatchObject({ __typename: 'ForbiddenError' });
    }
    const gone = 'update users set active = false where id = $1';
    await test.rows(gone, 'user_ada');
    expect(await assign({})).toMatchObject({ __typename: 'UnauthenticatedError' });
    expect(await holders()).toEqual([rob]);
    expect((await grants()).map(({ code }) => code)).toEqual(['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN']);
  });
});
