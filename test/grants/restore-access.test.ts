import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databaseKinds } from '../support/databases.js';
import { bearer, credentials, type Headers, openTestGateway, type TestGateway } from '../support/gateway.js';
import { grant } from '../support/grants.js';
import { type Removal, remove } from '../support/removals.js';

const vera = 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl';
const rob = 'user_770e8400-e29b-41d4-a716-446655440003';
const uma = 'user_5ce7c2d833ea1e04d7e6c432';
const projectId = 'proj_TrlkLiH4';
const removals = {
  PROJECT: ['unassignUserFromProject', { projectId, user: { id: vera } }],
  ROLE: ['unassignUserFromRole', { roleId: 'role_reporting', user: { id: rob } }],
  GLOBAL_ROLE: ['removeGlobalRole', { role: 'USER_MANAGER', user: { id: uma } }],
} as const satisfies Record<string, readonly [Removal, object]>;

describe.each(databaseKinds)('restoreAccess on %s', (kind) => {
  let test: TestGateway;
  let administrator: Headers;
  beforeAll(async () => {
    test = await openTestGateway(kind);
    administrator = await bearer();
  });
  beforeEach(() => test.reset());
  afterAll(() => test.close());

  const take = async (what: keyof typeof removals) => {
    const [mutation, input] = removals[what];
    const answer = await remove(test, mutation, input, administrator);
    return (answer['revocation'] as { id: string }).id;
  };
  /** As an off-boarding takes a direct grant. */
  const takeResource = async () => {
    await test.rows(`delete from user_resources where user_id = $1 and resource_id = 'res_servers'`, rob);
    await test.rows(
      `insert into revocations (id, organization_id, kind, state, user_id, resource_id, requested_user,
         requested_target, actor, credential, requested_at, settled_at, trace_id)
       values ('rev_direct', 'org_demo', 'RESOURCE', 'DONE', $1, 'res_servers', $1, 'res_servers', 'user_ada', 'BEARER',
         now(), now(), 'a')`,
      rob,
    );
    return 'rev_direct';
  };
  const restore = (revocationId: string, more: object = {}, headers = administrator) =>
    grant(test, 'restoreAccess', { revocationId, ...more }, headers);
  const held = () =>
    test.rows(
      `select (select jsonb_agg(m order by m) from project_members m) as projects,
         (select jsonb_agg(h order by h) from role_users h) as roles,
         (select jsonb_agg(d order by d) from user_resources d) as resources,
         (select jsonb_agg(array(select unnest(u.global_roles) order by 1) order by u.id) from users u) as global_roles`,
    );
  const grants = () => test.rows('select * from grants order by requested_at, id');

  it.each([
    ['PROJECT', { project: { id: projectId }, projectRole: 'EDITOR' }],
    ['ROLE', { role: { id: 'role_reporting' } }],
    ['GLOBAL_ROLE', { globalRole: 'USER_MANAGER' }],
    ['RESOURCE', { resource: { id: 'res_servers' } }],
  ] as const)('gives back exactly what the removal of a %s took, once', async (what, taken) => {
    const before = await held();
    const revocationId = await (what === 'RESOURCE' ? takeResource() : take(what));
    expect(await held()).not.toEqual(before);

    const dry = await restore(revocationId, { dryRun: true });
    expect(dry).toMatchObject({ applied: false, grant: null, revocation: { id: revocationId, kind: what, ...taken } });
    expect(await held()).not.toEqual(before);

    expect(await restore(revocationId, { reason: 'by mistake' })).toMatchObject({
      ...{ __typename: 'RestoreAccessSuccess', applied: true, canStartSession: true },
      revocation: { id: revocationId, ...taken },
      grant: { kind: what, state: 'DONE', requestedUser: null, requestedTarget: revocationId, reason: 'by mistake' },
    });
    expect(await held()).toEqual(before);

    expect(await restore(revocationId)).toMatchObject({
      ...{ __typename: 'ConflictError', message: expect.stringContaining('since') },
    });
    expect(await held()).toEqual(before);
    expect(await grants()).toMatchObject([
      { kind: what, state: 'DONE', revocation_id: revocationId },
      { kind: what, state: 'REFUSED', code: 'CONFLICT', revocation_id: revocationId },
    ]);
  });

  it('restores the latest removal only, where the same was given and taken again', async () => {
    const first = await take('PROJECT');
    const again = { projectId, user: { id: vera }, role: 'VIEWER' };
    expect(await grant(test, 'assignUserToProject', again, administrator)).toMatchObject({ applied: true });
    const second = await take('PROJECT');
    expect(await restore(first)).toMatchObject({ __typename: 'ConflictError' });
    expect(await restore(second)).toMatchObject({ applied: true, revocation: { projectRole: 'VIEWER' } });
    expect(await restore(first)).toMatchObject({ __typename: 'ConflictError' });
  });

  it('is not disturbed by what happened to something else, or was refused', async () => {
    const revocationId = await take('PROJECT');
    await take('ROLE');
    const winter = { projectId: 'proj_winter', user: { id: vera } };
    expect(await remove(test, 'unassignUserFromProject', winter, administrator)).toMatchObject({
      code: 'LAST_PROJECT',
    });
    const missing = { projectId, user: { id: vera } };
    expect(await remove(test, 'unassignUserFromProject', missing, administrator)).toMatchObject({
      code: 'NOT_ASSIGNED',
    });
    expect(await restore(revocationId)).toMatchObject({ applied: true });
  });

  it('gives nothing that the user has again already, and nothing to a user who is not active', async () => {
    const project = await take('PROJECT');
    const role = await take('ROLE');
    // As an import does, which leaves no record.
    await test.rows(`insert into project_members values ('org_demo', $1, $2, 'OWNER')`, projectId, vera);
    await test.rows('update users set active = false where id = $1', rob);
    const before = await held();
    expect(await restore(project)).toMatchObject({ __typename: 'ConflictError', message: 'The user has it already.' });
    expect(await restore(role)).toMatchObject({ message: expect.stringContaining('not active') });
    expect(await held()).toEqual(before);
  });

  it.each([
    ['was refused', `'REFUSED', 'LAST_PROJECT', now()`, 'not done'],
    ['is not known to be done', `'PENDING', null, null`, 'not done'],
    ['took what the directory did not have', `'DONE', null, now()`, 'does not know exactly'],
  ])('restores nothing of a removal that %s', async (_what, ending, message) => {
    await test.rows(
      `insert into revocations (id, organization_id, kind, user_id, project_id, requested_user, requested_target, actor,
         credential, requested_at, trace_id, state, code, settled_at)
       values ('rev_other', 'org_demo', 'PROJECT', 'user_nina', $1, 'user_nina', $1, 'mgmt_x', 'MANAGEMENT_TOKEN', now(), 'a',
         ${ending})`,
      projectId,
    );
    const before = await held();
    const answer = await restore('rev_other');
    expect(answer).toMatchObject({ __typename: 'ConflictError', message: expect.stringContaining(message) });
    expect(await held()).toEqual(before);
    expect(await grants()).toMatchObject([{ state: 'REFUSED', code: 'CONFLICT', user_id: 'user_nina' }]);
  });

  it('does not find a removal that is not there or of another organization, and puts that on record', async () => {
    await test.rows(
      `insert into revocations (id, organization_id, kind, state, user_id, requested_user, requested_target, actor,
         credential, requested_at, settled_at, trace_id)
       values ('rev_theirs', 'org_basic', 'GLOBAL_ROLE', 'DONE', 'user_bo', 'user_bo', 'ADMIN', 'mgmt_x', 'BEARER', now(), now(), 'a')`,
    );
    for (const resourceId of ['rev_none', 'rev_theirs']) {
      expect(await restore(resourceId)).toMatchObject({
        ...{ __typename: 'NotFoundError', resourceType: 'REVOCATION', resourceId },
        message: `Cannot find revocation ${resourceId}.`,
      });
    }
    const record = { state: 'REFUSED', code: 'NOT_FOUND', kind: null, user_id: null, revocation_id: null };
    expect(await grants()).toMatchObject([
      { ...record, requested_target: 'rev_none' },
      { ...record, requested_target: 'rev_theirs' },
    ]);
    const trail = '{ accessChanges { edges { node { kind requestedUser requestedTarget code } } } }';
    expect((await test.ask(trail, {}, administrator)).data).toMatchObject({
      accessChanges: { edges: [{ node: { kind: null, requestedUser: null, code: 'NOT_FOUND' } }, {}] },
    });
  });

  it('refuses what is no id of a removal as malformed, and records nothing', async () => {
    expect(await restore('user_nina')).toMatchObject({ issues: [{ path: ['input', 'revocationId'] }] });
    expect(await grants()).toEqual([]);
  });

  it.each<[string, Headers, string[]]>([
    ['a management token', credentials.management, ['PROJECT']],
    ['a USER_MANAGER', credentials.userManagerKey, ['GLOBAL_ROLE']],
    // Of an administrator of the organization, and no login: as with the removals.
    ['an administrator’s API key', credentials.administratorKey, ['GLOBAL_ROLE', 'ADMIN']],
    ['nobody of authority', credentials.plainUserKey, []],
  ])('lets %s restore what it may give', async (_who, headers, allowed) => {
    await test.rows(`update users set global_roles = global_roles || '{ADMIN}' where id = $1`, uma);
    const admin = { role: 'ADMIN', user: { id: uma } };
    const taken = await remove(test, 'removeGlobalRole', admin, administrator);
    const ids = {
      PROJECT: await take('PROJECT'),
      ROLE: await take('ROLE'),
      GLOBAL_ROLE: await take('GLOBAL_ROLE'),
      ADMIN: (taken['revocation'] as { id: string }).id,
      RESOURCE: await takeResource(),
    };
    for (const [what, id] of Object.entries(ids)) {
      const expected = allowed.includes(what) ? { applied: true } : { __typename: 'ForbiddenError' };
      expect({ what, ...(await restore(id, {}, headers)) }).toMatchObject({ what, ...expected });
    }
    const refused = (await grants()).filter(({ code }) => code === 'FORBIDDEN');
    expect(refused.map((row) => row['revocation_id'])).toEqual(
      Object.entries(ids).flatMap(([what, id]) => (allowed.includes(what) ? [] : [id])),
    );
    expect(refused.every((row) => row['kind'] !== null && row['user_id'] !== null)).toBe(true);
  });
});
