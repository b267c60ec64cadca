import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databaseKinds } from '../support/databases.js';
import { bearer, credentials, openTestGateway, type TestGateway } from '../support/gateway.js';
import { remove } from '../support/removals.js';

const vera = 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl';
const max = 'user_v18mvPOjOXE5733eO4cAz8k1pn492wKK';
const projectId = 'proj_TrlkLiH4';

describe.each(databaseKinds)('unassignUserFromProject on %s', (kind) => {
  let test: TestGateway;
  beforeAll(async () => {
    test = await openTestGateway(kind);
  });
  beforeEach(() => test.reset());
  afterAll(() => test.close());

  const unassign = (input: object, headers: Record<string, string> = credentials.management) =>
    remove(test, 'unassignUserFromProject', { projectId, user: { id: vera }, ...input }, headers);
  const projectsOf = async (user: string) =>
    (await test.rows('select project_id from project_members where user_id = $1 order by 1', user)).map(
      (row) => row['project_id'],
    );
  const revocations = () => test.rows('select * from revocations order by id');

  it.each([
    ['id', { id: vera }],
    ['login', { login: 'vera@demo.test' }],
  ])('unassigns the user of the document by %s, ends its session and puts it on record', async (_by, user) => {
    const answer = await unassign({ user, reason: 'left the team' });

    expect(answer).toMatchObject({
      __typename: 'UnassignUserFromProjectSuccess',
      applied: true,
      project: { id: projectId },
      user: { id: vera },
      sessionEffect: 'ENDED',
      sessions: [{ id: 'sess_demo-1', active: false }],
      canStartSession: true,
      revocation: { kind: 'PROJECT', state: 'DONE', code: null, actor: 'mgmt_demo', reason: 'left the team' },
    });
    expect(await projectsOf(vera)).toEqual(['proj_winter']);
    expect(await test.rows('select 1 from sessions where user_id = $1 and ended_at is null', vera)).toEqual([]);
    expect(await revocations()).toMatchObject([
      { kind: 'PROJECT', state: 'DONE', user_id: vera, project_id: projectId, requested_target: projectId },
    ]);
  });

  it('refuses the tokens that were issued to the user before', async () => {
    const before = await bearer(vera, { roles: [], issuedAt: Date.now() / 1000 - 5 });
    const viewer = '{ viewer { user { id } } }';
    expect(await test.ask(viewer, {}, before)).toEqual({ data: { viewer: { user: { id: vera } } } });

    await unassign({});

    expect((await test.ask(viewer, {}, before)).errors?.[0]?.extensions).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('keeps the only project of a user', async () => {
    expect(await unassign({ user: { id: max } })).toMatchObject({
      __typename: 'LastProjectError',
      code: 'LAST_PROJECT',
      httpStatus: 400,
      retryable: false,
      project: { id: projectId },
    });
    expect(await projectsOf(max)).toEqual([projectId]);
    expect(await revocations()).toMatchObject([{ state: 'REFUSED', code: 'LAST_PROJECT', user_id: max }]);
  });

  it('answers a dry run like the real thing, and changes and records nothing', async () => {
    const dry = await unassign({ dryRun: true });
    expect(dry).toMatchObject({
      __typename: 'UnassignUserFromProjectSuccess',
      applied: false,
      revocation: null,
      sessionEffect: 'ENDED',
      sessions: [{ id: 'sess_demo-1', active: true }],
    });
    expect(await unassign({ dryRun: true, user: { id: max } })).toMatchObject({ __typename: 'LastProjectError' });
    expect(await projectsOf(vera)).toEqual([projectId, 'proj_winter']);
    expect(await test.rows("select 1 from sessions where id = 'sess_demo-1' and ended_at is null")).toHaveLength(1);
    expect(await revocations()).toEqual([]);
  });

  it('says that a user is not assigned, with the status of the document', async () => {
    expect(await unassign({ user: { id: 'user_nina' } })).toMatchObject({
      __typename: 'UserNotAssignedError',
      code: 'NOT_ASSIGNED',
      httpStatus: 400,
    });
    expect(await revocations()).toMatchObject([{ state: 'REFUSED', code: 'NOT_ASSIGNED', user_id: 'user_nina' }]);
  });

  it('takes a user who is not assigned for a success where that is to be ignored', async () => {
    expect(await unassign({ user: { id: 'user_nina' }, onMissing: 'IGNORE' })).toMatchObject({
      __typename: 'UnassignUserFromProjectSuccess',
      applied: false,
      sessionEffect: 'NONE',
      sessions: [],
      revocation: { state: 'REFUSED', code: 'NOT_ASSIGNED' },
    });
    expect(await revocations()).toMatchObject([{ state: 'REFUSED', code: 'NOT_ASSIGNED' }]);
  });

  it.each([
    ['a project that is not there', { projectId: 'proj_none' }, 'PROJECT', 'proj_none'],
    ['a project of another organization', { projectId: 'proj_basic' }, 'PROJECT', 'proj_basic'],
    ['a user that is not there', { user: { id: 'user_none' } }, 'USER', 'user_none'],
    ['a login that is not there', { user: { login: 'nobody@demo.test' } }, 'USER', 'nobody@demo.test'],
    ['a login in another spelling', { user: { login: 'Vera@demo.test' } }, 'USER', 'Vera@demo.test'],
    ['a user of another organization', { user: { id: 'user_bo' } }, 'USER', 'user_bo'],
    ['neither project nor user', { projectId: 'proj_none', user: { id: 'user_none' } }, 'PROJECT', 'proj_none'],
  ])('does not find %s', async (_what, input, resourceType, resourceId) => {
    expect(await unassign(input)).toMatchObject({
      __typename: 'NotFoundError',
      code: 'NOT_FOUND',
      httpStatus: 404,
      message: `Cannot find ${resourceType.toLowerCase()} ${resourceId}.`,
      resourceType,
      resourceId,
    });
    expect(await revocations()).toMatchObject([{ state: 'REFUSED', code: 'NOT_FOUND' }]);
  });

  it.each([
    ['a project id of another kind', { projectId: 'role_x' }, ['input', 'projectId']],
    ['a project id with a path in it', { projectId: 'proj_../x' }, ['input', 'projectId']],
    ['a number for an id', { user: { id: 7 } }, ['input', 'user', 'id']],
    ['a login that looks like an id', { user: { login: max } }, ['input', 'user', 'login']],
    ['an empty login', { user: { login: '' } }, ['input', 'user', 'login']],
    ['a login of 255 characters', { user: { login: 'x'.repeat(255) } }, ['input', 'user', 'login']],
    ['a NUL in the reason', { reason: 'a\0b' }, ['input', 'reason']],
    ['half a character in the reason', { reason: '\ud83d' }, ['input', 'reason']],
    ['a reason of 501 characters', { reason: '😀'.repeat(501) }, ['input', 'reason']],
  ])('refuses %s as malformed, and records nothing', async (_what, input, path) => {
    expect(await unassign(input)).toMatchObject({
      __typename: 'InvalidInputError',
      code: 'INVALID_INPUT',
      httpStatus: 400,
      issues: [{ path }],
    });
    expect(await projectsOf(vera)).toHaveLength(2);
    expect(await revocations()).toEqual([]);
  });

  it('keeps a reason of 500 characters, however many bytes they have', async () => {
    const reason = '😀'.repeat(500);
    expect(await unassign({ reason })).toMatchObject({ applied: true, revocation: { reason } });
  });

  it('needs the management API in the plan of a management token', async () => {
    const input = { projectId: 'proj_basic', user: { id: 'user_bo' } };
    expect(await unassign(input, credentials.basicManagement)).toMatchObject({
      __typename: 'PaymentRequiredError',
      httpStatus: 402,
      feature: 'MANAGEMENT_API',
    });
    expect(await revocations()).toMatchObject([
      {
        state: 'REFUSED',
        code: 'PAYMENT_REQUIRED',
        organization_id: 'org_basic',
        actor: 'mgmt_basic',
        user_id: 'user_bo',
      },
    ]);
  });

  it('needs a credential', async () => {
    expect(await unassign({}, {})).toMatchObject({ __typename: 'UnauthenticatedError', httpStatus: 401 });
    expect(await projectsOf(vera)).toHaveLength(2);
    expect(await revocations()).toEqual([]);
  });

  it('carries out the removals of one document one after the other', async () => {
    const input = (project: string) => `{ projectId: "${project}", user: { id: "${vera}" } }`;
    const document = `mutation {
      first: unassignUserFromProject(input: ${input(projectId)}) { __typename ... on RevocationSuccess { user { projects { totalCount } } } }
      second: unassignUserFromProject(input: ${input('proj_winter')}) { __typename }
      third: unassignUserFromProject(input: ${input(projectId)}) { __typename }
    }`;
    expect(await test.ask(document, {}, credentials.management)).toEqual({
      data: {
        first: { __typename: 'UnassignUserFromProjectSuccess', user: { projects: { totalCount: 1 } } },
        second: { __typename: 'LastProjectError' },
        third: { __typename: 'UserNotAssignedError' },
      },
    });
    expect(await revocations()).toHaveLength(3);
  });
});
