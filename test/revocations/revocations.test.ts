import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds } from '../support/databases.js';
import { bearer, credentials, type Headers, openTestGateway, type TestGateway } from '../support/gateway.js';
import { remove } from '../support/removals.js';

const vera = 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl';
const max = 'user_v18mvPOjOXE5733eO4cAz8k1pn492wKK';
const rob = 'user_770e8400-e29b-41d4-a716-446655440003';

describe.each(databaseKinds)('the audit trail on %s', (kind) => {
  let test: TestGateway;
  let administrator: Headers;
  beforeAll(async () => {
    test = await openTestGateway(kind);
    administrator = await bearer();
    const project = { projectId: 'proj_TrlkLiH4', user: { id: vera }, reason: 'first' };
    await remove(test, 'unassignUserFromProject', project, credentials.management);
    await remove(test, 'unassignUserFromProject', { ...project, user: { id: max } }, credentials.management);
    await remove(test, 'unassignUserFromRole', { roleId: 'role_reporting', user: { id: rob } }, administrator);
    await remove(test, 'removeGlobalRole', { role: 'ODATA', user: { login: 'nobody' } }, credentials.administratorKey);
  });
  afterAll(() => test.close());

  const trail = async (filter: object, headers = administrator) => {
    const document = `query ($filter: RevocationFilter) { revocations(filter: $filter) { totalCount edges { node {
      kind state code actor reason globalRole requestedUser requestedTarget
      user { id } project { id } role { id }
    } } } }`;
    const { data } = await test.ask(document, { filter }, headers);
    const found = data?.['revocations'] as { edges: { node: object }[]; totalCount: number } | undefined;
    const { edges, totalCount } = found ?? { edges: [], totalCount: -1 };
    expect(totalCount).toBe(edges.length);
    return edges.map(({ node }) => node);
  };

  const [missing, role, last, done] = [
    {
      kind: 'GLOBAL_ROLE',
      state: 'REFUSED',
      code: 'NOT_FOUND',
      actor: 'user_ada',
      globalRole: 'ODATA',
      requestedUser: 'nobody',
      requestedTarget: 'ODATA',
      user: null,
    },
    { kind: 'ROLE', state: 'DONE', code: null, actor: 'user_ada', user: { id: rob }, role: { id: 'role_reporting' } },
    { kind: 'PROJECT', state: 'REFUSED', code: 'LAST_PROJECT', actor: 'mgmt_demo', user: { id: max } },
    {
      kind: 'PROJECT',
      state: 'DONE',
      reason: 'first',
      user: { id: vera },
      project: { id: 'proj_TrlkLiH4' },
      role: null,
    },
  ];

  it('tells every removal that was asked for, newest first', async () => {
    expect(await trail({})).toMatchObject([missing, role, last, done]);
  });

  it.each([
    ['a user', { userId: rob }, [role]],
    ['a kind', { kind: 'PROJECT' }, [last, done]],
    ['a state', { state: 'REFUSED' }, [missing, last]],
    ['all of them', { state: 'DONE', kind: 'PROJECT', userId: vera }, [done]],
  ])('is narrowed down to %s', async (_what, filter, expected) => {
    expect(await trail(filter)).toMatchObject(expected);
  });

  it('is paged through newest first, in both directions', async () => {
    const page = async (args: string) => {
      const { data } = await test.ask(
        `{ revocations(${args}) { edges { cursor node { code kind } } pageInfo { hasNextPage hasPreviousPage } } }`,
        {},
        administrator,
      );
      return data?.['revocations'] as { edges: { cursor: string; node: object }[]; pageInfo: object };
    };
    const first = await page('first: 2');
    expect(first).toMatchObject({
      edges: [{ node: { code: 'NOT_FOUND' } }, { node: { kind: 'ROLE' } }],
      pageInfo: { hasNextPage: true },
    });
    const rest = await page(`first: 2, after: "${first.edges[1]?.cursor}"`);
    expect(rest).toMatchObject({
      edges: [{ node: { code: 'LAST_PROJECT' } }, { node: { code: null } }],
      pageInfo: { hasNextPage: false },
    });
    const back = await page(`last: 1, before: "${rest.edges[0]?.cursor}"`);
    expect(back).toMatchObject({ edges: [{ node: { kind: 'ROLE' } }], pageInfo: { hasPreviousPage: true } });
  });

  it('shows a plain user only what is about itself, and nothing to another organization', async () => {
    // The role is not Rob's any more, so what it is called and grants is nothing for Rob to see.
    expect(await trail({}, await bearer(rob, { roles: [] }))).toMatchObject([{ ...role, role: null }]);
    expect(await trail({}, await bearer('user_bo', { organization: 'org_basic' }))).toEqual([]);
    const [row] = await test.rows('select id from revocations where user_id = $1', rob);
    const one = 'query ($id: ID!) { revocation(id: $id) { kind } node(id: $id) { id } }';
    expect(await test.ask(one, row ?? {}, administrator)).toEqual({
      data: { revocation: { kind: 'ROLE' }, node: row },
    });
    expect(await test.ask(one, row ?? {}, credentials.plainUserKey)).toEqual({
      data: { revocation: null, node: null },
    });
  });
});
