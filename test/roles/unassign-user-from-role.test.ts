import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databaseKinds } from '../support/databases.js';
import { bearer, credentials, type Headers, openTestGateway, type TestGateway } from '../support/gateway.js';
import { remove } from '../support/removals.js';

const rob = 'user_770e8400-e29b-41d4-a716-446655440003';
const roleId = 'role_550e8400-e29b-41d4-a716-446655440000';

describe.each(databaseKinds)('unassignUserFromRole on %s', (kind) => {
  let test: TestGateway;
  let administrator: Headers;
  beforeAll(async () => {
    test = await openTestGateway(kind);
    administrator = await bearer();
  });
  beforeEach(() => test.reset());
  afterAll(() => test.close());

  const unassign = (input: object, headers = administrator) =>
    remove(test, 'unassignUserFromRole', { roleId, user: { id: rob }, ...input }, headers);
  const rolesOf = async (user: string) =>
    (await test.rows('select role_id from role_users where user_id = $1 order by 1', user)).map(
      (row) => row['role_id'],
    );
  const revocations = () => test.rows('select * from revocations order by id');

  const lost = { totalCount: 1, edges: [{ node: { id: 'res_database' } }] };
  const kept = {
    totalCount: 2,
    edges: [
      { node: { id: 'res_reports' }, direct: false, roles: [{ id: 'role_reporting' }] },
      { node: { id: 'res_servers' }, direct: true, roles: [] },
    ],
  };

  it.each([
    ['id', { id: rob }],
    ['login', { login: 'rob@demo.test' }],
  ])('unassigns a user by %s, and tells what is lost, what is kept and through what', async (_by, user) => {
    expect(await unassign({ user, reason: 'moved on' })).toMatchObject({
      __typename: 'UnassignUserFromRoleSuccess',
      applied: true,
      role: { id: roleId },
      lostResources: lost,
      keptResources: kept,
      sessionEffect: 'CONTINUE_UNTIL_EXPIRY',
      sessions: [{ id: 'sess_demo-2', active: true }],
      canStartSession: true,
      revocation: { kind: 'ROLE', state: 'DONE', actor: 'user_ada', reason: 'moved on' },
    });
    expect(await rolesOf(rob)).toEqual(['role_reporting']);
    expect(await test.rows("select ended_at from sessions where id = 'sess_demo-2'")).toEqual([{ ended_at: null }]);
    expect(await revocations()).toMatchObject([{ kind: 'ROLE', state: 'DONE', user_id: rob, role_id: roleId }]);
  });

  it('answers a dry run like the real thing, and changes and records nothing', async () => {
    expect(await unassign({ dryRun: true })).toMatchObject({
      applied: false,
      revocation: null,
      lostResources: lost,
      keptResources: kept,
      sessionEffect: 'CONTINUE_UNTIL_EXPIRY',
    });
    expect(await rolesOf(rob)).toHaveLength(2);
    expect(await revocations()).toEqual([]);
  });

  it('says when nothing is left to start a session for', async () => {
    const leo = { roleId: 'role_contractors', user: { id: 'user_leo' } };
    expect(await unassign({ ...leo, dryRun: true })).toMatchObject({ canStartSession: false });
    expect(await unassign(leo)).toMatchObject({ applied: true, canStartSession: false });
    const start = await test.ask(
      'mutation { startSession { __typename } }',
      {},
      await bearer('user_leo', { roles: [] }),
    );
    expect(start).toEqual({ data: { startSession: { __typename: 'NoAccessError' } } });
  });

  it('says that a user is not assigned, with the status of the document', async () => {
    expect(await unassign({ user: { id: 'user_nina' } })).toMatchObject({
      __typename: 'UserNotAssignedError',
      httpStatus: 404,
    });
    expect(await unassign({ user: { id: 'user_nina' }, onMissing: 'IGNORE' })).toMatchObject({
      applied: false,
      lostResources: { totalCount: 0, edges: [] },
      revocation: { state: 'REFUSED', code: 'NOT_ASSIGNED' },
    });
    expect(await revocations()).toMatchObject([{ code: 'NOT_ASSIGNED' }, { code: 'NOT_ASSIGNED' }]);
  });

  it.each([
    ['a role that is not there', { roleId: 'role_none' }, 'ROLE', 'role_none'],
    ['a user that is not there', { user: { id: 'user_none' } }, 'USER', 'user_none'],
    ['a user of another organization', { user: { id: 'user_bo' } }, 'USER', 'user_bo'],
  ])('does not find %s', async (_what, input, resourceType, resourceId) => {
    expect(await unassign(input)).toMatchObject({
      __typename: 'NotFoundError',
      httpStatus: 404,
      resourceType,
      resourceId,
    });
    expect(await revocations()).toMatchObject([
      { state: 'REFUSED', code: 'NOT_FOUND', requested_target: expect.anything() },
    ]);
  });

  it.each([
    ['a management token', credentials.management],
    ['an API key, even of an administrator', credentials.administratorKey],
  ])('is not for %s', async (_who, headers) => {
    expect(await unassign({}, headers)).toMatchObject({
      __typename: 'ForbiddenError',
      httpStatus: 403,
      requires: expect.stringContaining('ORG_ADMIN'),
    });
    expect(await rolesOf(rob)).toHaveLength(2);
    expect(await revocations()).toMatchObject([{ state: 'REFUSED', code: 'FORBIDDEN', user_id: rob, role_id: roleId }]);
  });

  it('refuses a page that can’t be answered before it removes anything', async () => {
    const document = `mutation ($n: Int) { unassignUserFromRole(input: { roleId: "${roleId}", user: { id: "${rob}" } }) {
      __typename
      ... on UnassignUserFromRoleSuccess { lostResources(first: $n) { totalCount } }
      ... on InvalidInputError { issues { path } }
    } }`;
    for (const n of [-1, 201]) {
      expect(await test.ask(document, { n }, administrator)).toEqual({
        data: {
          unassignUserFromRole: { __typename: 'InvalidInputError', issues: [{ path: ['lostResources', 'first'] }] },
        },
      });
    }
    expect(await rolesOf(rob)).toHaveLength(2);
    expect(await revocations()).toEqual([]);
    // Who may not do it at all is told that first.
    expect(await test.ask(document, { n: -1 }, credentials.management)).toEqual({
      data: { unassignUserFromRole: { __typename: 'ForbiddenError' } },
    });
  });
});
