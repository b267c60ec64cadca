import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databaseKinds } from '../support/databases.js';
import { bearer, credentials, type Headers, openTestGateway, type TestGateway } from '../support/gateway.js';
import { remove } from '../support/removals.js';

const uma = 'user_5ce7c2d833ea1e04d7e6c432';

describe.each(databaseKinds)('removeGlobalRole on %s', (kind) => {
  let test: TestGateway;
  beforeAll(async () => {
    test = await openTestGateway(kind);
  });
  beforeEach(() => test.reset());
  afterAll(() => test.close());

  const removeRole = (input: object, headers: Headers = credentials.administratorKey) =>
    remove(test, 'removeGlobalRole', { user: { id: uma }, role: 'USER_MANAGER', ...input }, headers);
  const rolesOf = async (user: string) =>
    (await test.rows('select global_roles::text as held from users where id = $1', user))[0]?.['held'];
  const revocations = () => test.rows('select * from revocations order by id');

  it('removes userManager from a user with an API key, and tells what is left', async () => {
    expect(await removeRole({ reason: 'new duties' })).toMatchObject({
      __typename: 'RemoveGlobalRoleSuccess',
      applied: true,
      globalRole: 'USER_MANAGER',
      remainingGlobalRoles: ['BASE_ROLE'],
      sessionEffect: 'CONTINUE_UNTIL_EXPIRY',
      revocation: { kind: 'GLOBAL_ROLE', state: 'DONE', actor: 'user_ada', reason: 'new duties' },
    });
    expect(await rolesOf(uma)).toBe('{BASE_ROLE}');
    expect(await revocations()).toMatchObject([{ state: 'DONE', user_id: uma, global_role: 'USER_MANAGER' }]);
  });

  it('answers a dry run like the real thing, and changes and records nothing', async () => {
    expect(await removeRole({ dryRun: true })).toMatchObject({ applied: false, remainingGlobalRoles: ['BASE_ROLE'] });
    expect(await rolesOf(uma)).toBe('{BASE_ROLE,USER_MANAGER}');
    expect(await revocations()).toEqual([]);
  });

  it('keeps ADMIN with the last active user who holds it', async () => {
    expect(await removeRole({ user: { id: 'user_ada' }, role: 'ADMIN' })).toMatchObject({
      __typename: 'LastAdministratorError',
      code: 'LAST_ADMINISTRATOR',
      httpStatus: 409,
    });
    expect(await rolesOf('user_ada')).toBe('{ADMIN}');
    expect(await revocations()).toMatchObject([{ state: 'REFUSED', code: 'LAST_ADMINISTRATOR' }]);
  });

  it('takes ADMIN from one who is inactive, and from one of two', async () => {
    expect(await removeRole({ user: { id: 'user_ines' }, role: 'ADMIN' })).toMatchObject({ applied: true });
    await test.rows("update users set global_roles = '{ADMIN}' where id = 'user_nina'");
    expect(await removeRole({ user: { id: 'user_ada' }, role: 'ADMIN' })).toMatchObject({ applied: true });
    expect(await rolesOf('user_ada')).toBe('{}');
  });

  it('does not let a USER_MANAGER take ADMIN from anyone', async () => {
    const input = { user: { id: 'user_ines' }, role: 'ADMIN' };
    expect(await removeRole(input, credentials.userManagerKey)).toMatchObject({
      __typename: 'ForbiddenError',
      httpStatus: 403,
      requires: expect.stringContaining('to take ADMIN away'),
    });
    expect(await rolesOf('user_ines')).toBe('{ADMIN}');
    expect(await revocations()).toMatchObject([{ state: 'REFUSED', code: 'FORBIDDEN', actor: 'user_mia' }]);
  });

  it('refuses a caller who took its own authority away earlier in the same document', async () => {
    const document = `mutation {
      own: removeGlobalRole(input: { user: { id: "user_mia" }, role: USER_MANAGER }) { __typename }
      other: removeGlobalRole(input: { user: { id: "${uma}" }, role: USER_MANAGER }) { __typename }
    }`;
    expect(await test.ask(document, {}, credentials.userManagerKey)).toEqual({
      data: { own: { __typename: 'RemoveGlobalRoleSuccess' }, other: { __typename: 'ForbiddenError' } },
    });
    expect(await rolesOf(uma)).toBe('{BASE_ROLE,USER_MANAGER}');
    expect(await revocations()).toMatchObject([
      { user_id: 'user_mia', state: 'DONE' },
      { user_id: uma, state: 'REFUSED', code: 'FORBIDDEN' },
    ]);
  });

  it('is in force from the next request of the user on, and for its API keys', async () => {
    const users = '{ users { totalCount } }';
    expect(await test.ask(users, {}, credentials.userManagerKey)).toMatchObject({
      data: { users: { totalCount: 10 } },
    });
    await removeRole({ user: { id: 'user_mia' } });
    expect(await test.ask(users, {}, credentials.userManagerKey)).toMatchObject({ data: { users: { totalCount: 1 } } });
    expect(await removeRole({}, credentials.userManagerKey)).toMatchObject({ __typename: 'ForbiddenError' });
  });

  it('says that a user does not hold the role', async () => {
    expect(await removeRole({ role: 'ODATA' })).toMatchObject({ __typename: 'UserNotAssignedError', httpStatus: 404 });
    expect(await removeRole({ role: 'ODATA', onMissing: 'IGNORE' })).toMatchObject({
      applied: false,
      remainingGlobalRoles: ['BASE_ROLE', 'USER_MANAGER'],
      revocation: { state: 'REFUSED', code: 'NOT_ASSIGNED' },
    });
  });

  it.each([['user_none'], ['user_bo']])('does not find %s', async (id) => {
    expect(await removeRole({ user: { id } })).toMatchObject({
      __typename: 'NotFoundError',
      resourceType: 'USER',
      resourceId: id,
    });
    expect(await revocations()).toMatchObject([{ code: 'NOT_FOUND', requested_user: id, user_id: null }]);
  });

  it('refuses a user who may not do it', async () => {
    expect(await removeRole({}, credentials.plainUserKey)).toMatchObject({ __typename: 'ForbiddenError' });
    expect(await removeRole({}, credentials.management)).toMatchObject({ __typename: 'ForbiddenError' });
    expect(await rolesOf(uma)).toBe('{BASE_ROLE,USER_MANAGER}');
    expect(await revocations()).toMatchObject([
      { code: 'FORBIDDEN', actor: 'user_nina' },
      { code: 'FORBIDDEN', actor: 'mgmt_demo' },
    ]);
  });

  it('lets a bearer token with the claim do it, whatever the directory says', async () => {
    expect(await removeRole({}, await bearer('user_nina', { roles: ['USER_MANAGER'] }))).toMatchObject({
      applied: true,
    });
  });
});
