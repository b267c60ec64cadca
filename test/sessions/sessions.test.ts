import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databaseKinds } from '../support/databases.js';
import { bearer, credentials, type Headers, openTestGateway, type TestGateway } from '../support/gateway.js';
import { remove } from '../support/removals.js';

const rob = 'user_770e8400-e29b-41d4-a716-446655440003';
const vera = 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl';
const startDocument = `mutation { startSession {
  __typename
  ... on StartSessionSuccess { token session { id active endedAt user { id } } }
  ... on AccessError { code httpStatus }
} }`;
const endDocument = `mutation ($sessionId: ID!) { endSession(input: { sessionId: $sessionId }) {
  __typename
  ... on EndSessionSuccess { session { id active } }
  ... on NotFoundError { resourceType resourceId }
  ... on AccessError { code }
} }`;

describe.each(databaseKinds)('sessions on %s', (kind) => {
  let test: TestGateway;
  beforeAll(async () => {
    test = await openTestGateway(kind);
  });
  beforeEach(() => test.reset());
  afterAll(() => test.close());

  const start = async (headers: Headers) => (await test.ask(startDocument, {}, headers)).data?.['startSession'];
  const startAs = async (user: string) => {
    const started = (await start(await bearer(user, { roles: [] }))) as { token: string; session: { id: string } };
    return { id: started.session.id, headers: { Authorization: `Bearer ${started.token}` } };
  };
  const end = async (sessionId: string, headers: Headers) =>
    (await test.ask(endDocument, { sessionId }, headers)).data?.['endSession'];
  const viewer = async (headers: Headers) => test.ask('{ viewer { credential user { id } permissions } }', {}, headers);

  it('start with a bearer token, hold what the user has, and store no token', async () => {
    const { id, headers } = await startAs(rob);
    const [row] = await test.rows('select * from sessions where id = $1', id);
    expect(row).toMatchObject({
      user_id: rob,
      project_ids: ['proj_TrlkLiH4'],
      role_ids: ['role_550e8400-e29b-41d4-a716-446655440000', 'role_reporting'],
      resource_ids: ['res_database', 'res_reports', 'res_servers'],
    });
    expect(JSON.stringify(row)).not.toContain(headers.Authorization.slice('Bearer '.length));
    expect(await viewer(headers)).toEqual({
      data: { viewer: { credential: 'SESSION', user: { id: rob }, permissions: [] } },
    });
  });

  it('give the authority that the directory says at each request', async () => {
    const { headers } = await startAs('user_ada');
    const all = [
      ...['READ_DIRECTORY', 'UNASSIGN_USER_FROM_PROJECT', 'UNASSIGN_USER_FROM_ROLE', 'REMOVE_GLOBAL_ROLE'],
      ...['ASSIGN_USER_TO_PROJECT', 'ASSIGN_USER_TO_ROLE', 'ADD_GLOBAL_ROLE', 'RESTORE_ACCESS'],
      'OFFBOARD_USER',
    ];
    expect(await viewer(headers)).toMatchObject({ data: { viewer: { permissions: all } } });
    await test.rows("update users set org_admin = false where id = 'user_ada'");
    const fewer = ['READ_DIRECTORY', 'REMOVE_GLOBAL_ROLE', 'ADD_GLOBAL_ROLE', 'RESTORE_ACCESS'];
    expect(await viewer(headers)).toMatchObject({ data: { viewer: { permissions: fewer } } });
  });

  it('that start after a removal don’t hold what it took', async () => {
    await remove(
      test,
      'unassignUserFromProject',
      { projectId: 'proj_TrlkLiH4', user: { id: vera } },
      credentials.management,
    );
    // Tokens count whole seconds: only one of the next second is surely later.
    await sleep(1100);
    const later = await bearer(vera, { roles: [] });
    const { session } = (await start(later)) as { session: { id: string } };
    expect(await test.rows('select project_ids from sessions where id = $1', session.id)).toEqual([
      { project_ids: ['proj_winter'] },
    ]);
  });

  it('that a removal ended are good for nothing', async () => {
    const { headers } = await startAs(vera);
    await remove(
      test,
      'unassignUserFromProject',
      { projectId: 'proj_TrlkLiH4', user: { id: vera } },
      credentials.management,
    );
    expect((await viewer(headers)).errors?.[0]?.extensions).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it.each([
    ['an API key', async () => credentials.administratorKey, 'ForbiddenError'],
    ['a management token', async () => credentials.management, 'ForbiddenError'],
    ['somebody who is not in the directory', () => bearer('somebody'), 'ForbiddenError'],
    ['a user with nothing left', () => bearer('user_noa', { roles: [] }), 'NoAccessError'],
    ['a deactivated user', () => bearer('user_ines'), 'UnauthenticatedError'],
    ['nobody', async () => credentials.none, 'UnauthenticatedError'],
  ])('don’t start for %s', async (_who, headers, __typename) => {
    expect(await start(await headers())).toMatchObject({ __typename });
    expect(await test.rows('select 1 from sessions')).toHaveLength(4);
  });

  it('are ended by their user', async () => {
    const { id, headers } = await startAs(rob);
    expect(await end(id, headers)).toEqual({ __typename: 'EndSessionSuccess', session: { id, active: false } });
    expect((await viewer(headers)).errors).toHaveLength(1);
  });

  it('are ended by an administrator, and stay as they ended', async () => {
    const administrator = await bearer();
    expect(await end('sess_demo-2', administrator)).toMatchObject({ session: { active: false } });
    const [before] = await test.rows("select ended_at from sessions where id = 'sess_demo-2'");
    expect(await end('sess_demo-2', administrator)).toMatchObject({ __typename: 'EndSessionSuccess' });
    expect(await test.rows("select ended_at from sessions where id = 'sess_demo-2'")).toEqual([before]);
  });

  it('are not ended by another user, and not found in another organization', async () => {
    const plain = await bearer(rob, { roles: [] });
    expect(await end('sess_demo-1', plain)).toMatchObject({ __typename: 'ForbiddenError' });
    expect(await end('sess_none', plain)).toMatchObject({
      __typename: 'NotFoundError',
      resourceType: 'SESSION',
      resourceId: 'sess_none',
    });
    const stranger = await bearer('user_bo', { organization: 'org_basic' });
    expect(await end('sess_demo-1', stranger)).toMatchObject({ __typename: 'NotFoundError' });
    expect(await end('user_x', plain)).toMatchObject({ __typename: 'InvalidInputError' });
    expect(await test.rows('select 1 from sessions where ended_at is not null')).toEqual([]);
  });
});
