import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databaseKinds } from '../support/databases.js';
import { bearer, credentials, openTestGateway, type TestGateway } from '../support/gateway.js';
import { grant } from '../support/grants.js';
import { remove } from '../support/removals.js';

const projectId = 'proj_TrlkLiH4';
const nina = 'user_nina';

describe.each(databaseKinds)('assignUserToProject on %s', (kind) => {
  let test: TestGateway;
  beforeAll(async () => {
    test = await openTestGateway(kind);
  });
  beforeEach(() => test.reset());
  afterAll(() => test.close());

  const assign = (input: object, headers: Record<string, string> = credentials.management) =>
    grant(test, 'assignUserToProject', { projectId, user: { id: nina }, role: 'EDITOR', ...input }, headers);
  const roleOf = async (user: string) =>
    (await test.rows('select role from project_members where user_id = $1 and project_id = $2', user, projectId))[0]?.[
      'role'
    ];
  const grants = () => test.rows('select * from grants order by id');

  it.each([
    ['id', { id: nina }],
    ['login', { login: 'nina@demo.test' }],
  ])('assigns a user by %s with a role in the project, and puts it on record', async (_by, user) => {
    const answer = await assign({ user, reason: 'joined the team' });
    expect(answer).toMatchObject({
      __typename: 'AssignUserToProjectSuccess',
      applied: true,
      project: { id: projectId },
      user: { id: nina },
      canStartSession: true,
      grant: { kind: 'PROJECT', state: 'DONE', code: null, actor: 'mgmt_demo', projectRole: 'EDITOR', system: null },
    });
    expect(await roleOf(nina)).toBe('EDITOR');
    expect(await grants()).toMatchObject([
      {
        ...{ kind: 'PROJECT', state: 'DONE', user_id: nina, project_id: projectId, requested_target: projectId },
        ...{ project_role: 'EDITOR', requested_user: Object.values(user)[0], reason: 'joined the team' },
        ...{ organization_id: 'org_demo', credential: 'MANAGEMENT_TOKEN', revocation_id: null },
      },
    ]);
  });

  it('is seen by new sessions, and changes none', async () => {
    const start =
      'mutation { startSession { ... on StartSessionSuccess { session { id } } ... on AccessError { code } } }';
    const sessions = async () =>
      (await test.rows('select to_jsonb(s) as session from sessions s order by started_at, id')) as {
        session: { id: string; project_ids: string[] };
      }[];
    const noa = await bearer('user_noa', { roles: [] });
    expect((await test.ask(start, {}, noa)).data).toEqual({ startSession: { code: 'NO_ACCESS' } });
    const before = await sessions();
    expect(await assign({ user: { id: 'user_noa' } })).toMatchObject({ applied: true, canStartSession: true });
    expect(await sessions()).toEqual(before);
    const { data } = await test.ask(start, {}, noa);
    const started = (await sessions()).map(({ session }) => session).at(-1);
    expect(data).toEqual({ startSession: { session: { id: started?.id } } });
    expect(started?.project_ids).toEqual([projectId]);
  });

  it('answers a dry run like the real thing, and changes and records nothing', async () => {
    const dry = await assign({ user: { id: 'user_noa' }, dryRun: true });
    expect(dry).toMatchObject({
      ...{ __typename: 'AssignUserToProjectSuccess', applied: false, grant: null, canStartSession: true },
    });
    expect(await assign({ user: { login: 'vera@demo.test' }, dryRun: true })).toMatchObject({ code: 'CONFLICT' });
    expect([await roleOf('user_noa'), await grants()]).toEqual([undefined, []]);
  });

  it.each([
    ['the same role', 'EDITOR'],
    ['another role', 'OWNER'],
  ])('leaves a user who is in the project as it is, also with %s', async (_what, role) => {
    expect(await assign({ user: { login: 'vera@demo.test' }, role })).toMatchObject({
      __typename: 'ConflictError',
      httpStatus: 409,
      message: 'The user has it already.',
    });
    expect(await roleOf('user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl')).toBe('EDITOR');
    expect(await grants()).toMatchObject([{ state: 'REFUSED', code: 'CONFLICT', project_role: role }]);
  });

  it('gives nothing to a user who is not active, and says why', async () => {
    const answer = await assign({ user: { id: 'user_ines' } });
    expect(answer).toMatchObject({ __typename: 'ConflictError', message: expect.stringContaining('not active') });
    expect(await roleOf('user_ines')).toBeUndefined();
    expect(await grants()).toMatchObject([{ state: 'REFUSED', code: 'CONFLICT', user_id: 'user_ines' }]);
  });

  it('does not find what is not there, or of another organization, and says first what the project is', async () => {
    const missing = [
      [{ projectId: 'proj_none' }, 'PROJECT', 'proj_none'],
      [{ projectId: 'proj_basic' }, 'PROJECT', 'proj_basic'],
      [{ user: { id: 'user_none' } }, 'USER', 'user_none'],
      [{ user: { login: 'nobody@demo.test' } }, 'USER', 'nobody@demo.test'],
      [{ user: { id: 'user_bo' } }, 'USER', 'user_bo'],
      [{ projectId: 'proj_none', user: { id: 'user_none' } }, 'PROJECT', 'proj_none'],
    ] as const;
    for (const [input, resourceType, resourceId] of missing) {
      expect(await assign(input)).toMatchObject({
        ...{ __typename: 'NotFoundError', httpStatus: 404, resourceType, resourceId },
      });
    }
    expect((await grants()).map(({ state, code }) => [state, code])).toEqual(
      missing.map(() => ['REFUSED', 'NOT_FOUND']),
    );
  });

  it('refuses what is malformed, and records nothing', async () => {
    const malformed = [
      [{ projectId: 'role_x' }, ['input', 'projectId']],
      [{ user: { login: nina } }, ['input', 'user', 'login']],
      [{ role: '' }, ['input', 'role']],
      [{ role: 'x'.repeat(255) }, ['input', 'role']],
      [{ role: 'a\0b' }, ['input', 'role']],
      [{ reason: 'x'.repeat(501) }, ['input', 'reason']],
    ] as const;
    for (const [input, path] of malformed) {
      expect(await assign(input)).toMatchObject({ __typename: 'InvalidInputError', issues: [{ path }] });
    }
    expect([await roleOf(nina), await grants()]).toEqual([undefined, []]);
  });

  it('is refused by its rule, and that is on record', async () => {
    expect(await assign({}, credentials.administratorKey)).toMatchObject({ __typename: 'ForbiddenError' });
    const basic = { projectId: 'proj_basic', user: { id: 'user_bo' } };
    expect(await assign(basic, credentials.basicManagement)).toMatchObject({ feature: 'MANAGEMENT_API' });
    expect(await assign({}, credentials.none)).toMatchObject({ __typename: 'UnauthenticatedError' });
    expect(await roleOf(nina)).toBeUndefined();
    expect(await grants()).toMatchObject([
      { code: 'FORBIDDEN', kind: 'PROJECT', user_id: nina, project_id: projectId, actor: 'user_ada' },
      { code: 'PAYMENT_REQUIRED', organization_id: 'org_basic', actor: 'mgmt_basic', user_id: 'user_bo' },
    ]);
  });

  it('waits for a removal of the same that is PENDING, and then stays', async () => {
    const vera = 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl';
    // As one that another system began to carry out before the organization did without it.
    await test.rows(
      `insert into revocations (id, organization_id, kind, state, user_id, project_id, requested_user, requested_target,
         actor, credential, requested_at, trace_id, system)
       values ('rev_late', 'org_demo', 'PROJECT', 'PENDING', $1, $2, $1, $2, 'mgmt_x', 'MANAGEMENT_TOKEN', now(), 'a', 'VOUCHERIFY')`,
      vera,
      projectId,
    );
    await test.rows(
      `insert into upstream_calls (id, organization_id, system, action, user_name, target_name, held, attempts,
         next_attempt_at, requested_at, trace_id)
       values ('rev_late', 'org_demo', 'VOUCHERIFY', 'REMOVE', $1, $2, true, 1, now(), now(), 'a')`,
      vera,
      projectId,
    );
    await test.rows('delete from project_members where user_id = $1 and project_id = $2', vera, projectId);
    const input = { user: { id: vera }, role: 'OWNER' };
    expect(await assign(input)).toMatchObject({ __typename: 'ConflictError', retryable: false });
    const settled = JSON.stringify({ attempt: 1, outcome: 'DONE' });
    await test.rows(`select settle_upstream_call('rev_late', $1::jsonb)`, settled);
    expect(await assign(input)).toMatchObject({ applied: true });
    await test.rows(`select settle_upstream_call('rev_late', $1::jsonb)`, settled);
    expect(await roleOf(vera)).toBe('OWNER');
    const taken = await remove(
      test,
      'unassignUserFromProject',
      { projectId, user: { id: vera } },
      credentials.management,
    );
    expect(taken).toMatchObject({ applied: true });
    expect(await roleOf(vera)).toBeUndefined();
  });
});
