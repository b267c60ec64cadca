import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databaseKinds } from '../support/databases.js';
import { credentials, type Headers, openTestGateway, type TestGateway } from '../support/gateway.js';
import { grant } from '../support/grants.js';

const nina = 'user_nina';
const uma = 'user_5ce7c2d833ea1e04d7e6c432';

describe.each(databaseKinds)('addGlobalRole on %s', (kind) => {
  let test: TestGateway;
  beforeAll(async () => {
    test = await openTestGateway(kind);
  });
  beforeEach(() => test.reset());
  afterAll(() => test.close());

  const add = (input: object, headers: Headers = credentials.userManagerKey) =>
    grant(test, 'addGlobalRole', { role: 'ODATA', user: { id: nina }, ...input }, headers);
  const rolesOf = async (user: string) =>
    (await test.rows('select global_roles from users where id = $1', user))[0]?.['global_roles'];
  const grants = () => test.rows('select * from grants order by id');

  it('gives a global role, in force at the next request of the user, and puts it on record', async () => {
    const viewer = '{ viewer { permissions } }';
    const permissions = async () => (await test.ask(viewer, {}, credentials.plainUserKey)).data?.['viewer'];
    expect(await permissions()).toEqual({ permissions: [] });
    const answer = await add({ role: 'USER_MANAGER', reason: 'helps Mia' });
    expect(answer).toMatchObject({
      ...{ __typename: 'AddGlobalRoleSuccess', applied: true, globalRole: 'USER_MANAGER' },
      user: { id: nina, globalRoles: ['USER_MANAGER'] },
      grant: { kind: 'GLOBAL_ROLE', state: 'DONE', actor: 'user_mia', reason: 'helps Mia' },
    });
    expect(await permissions()).toEqual({
      permissions: ['READ_DIRECTORY', 'REMOVE_GLOBAL_ROLE', 'ADD_GLOBAL_ROLE', 'RESTORE_ACCESS'],
    });
    expect(await grants()).toMatchObject([{ state: 'DONE', global_role: 'USER_MANAGER', user_id: nina }]);
  });

  it('keeps the roles that the user has', async () => {
    expect(await add({ user: { id: uma } })).toMatchObject({ applied: true });
    expect(await rolesOf(uma)).toEqual(['BASE_ROLE', 'USER_MANAGER', 'ODATA']);
  });

  it('changes and records nothing on a dry run', async () => {
    expect(await add({ dryRun: true })).toMatchObject({ applied: false, grant: null, user: { globalRoles: [] } });
    expect([await rolesOf(nina), await grants()]).toEqual([[], []]);
  });

  it.each([
    ['a role that the user holds', { user: { id: uma }, role: 'BASE_ROLE' }, 'ConflictError'],
    ['a user who is not active', { user: { id: 'user_ines' } }, 'ConflictError'],
    ['a user that is not there', { user: { login: 'nobody' } }, 'NotFoundError'],
  ])('refuses %s, on record', async (_what, input, type) => {
    expect(await add(input)).toMatchObject({ __typename: type });
    expect(await grants()).toMatchObject([{ state: 'REFUSED', kind: 'GLOBAL_ROLE' }]);
  });

  it('does not let a USER_MANAGER give ADMIN, and an administrator do so', async () => {
    expect(await add({ role: 'ADMIN' })).toMatchObject({
      ...{ __typename: 'ForbiddenError', requires: expect.stringContaining('to give ADMIN') },
    });
    expect(await rolesOf(nina)).toEqual([]);
    expect(await add({ role: 'ADMIN' }, credentials.administratorKey)).toMatchObject({ applied: true });
    expect(await rolesOf(nina)).toEqual(['ADMIN']);
    expect((await grants()).map(({ code }) => code)).toEqual(['FORBIDDEN', null]);
  });

  it('does nothing for a caller who has lost its authority earlier in the same document', async () => {
    const document = `mutation {
      lose: removeGlobalRole(input: { role: USER_MANAGER, user: { id: "user_mia" } }) { __typename }
      give: addGlobalRole(input: { role: USER_MANAGER, user: { id: "user_mia" } }) { __typename }
    }`;
    expect((await test.ask(document, {}, credentials.userManagerKey)).data).toEqual({
      lose: { __typename: 'RemoveGlobalRoleSuccess' },
      give: { __typename: 'ForbiddenError' },
    });
    expect(await rolesOf('user_mia')).toEqual([]);
  });
});
