import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds } from '../support/databases.js';
import { bearer, type Headers, openTestGateway, type TestGateway } from '../support/gateway.js';

interface Page {
  readonly edges: readonly { cursor: string; node: { id: string } }[];
  readonly pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string };
  readonly totalCount: number;
}

const document = `query ($first: Int, $after: String, $last: Int, $before: String, $filter: UserFilter) {
  users(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
    edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
  }
}`;

describe.each(databaseKinds)('pages of users on %s', (kind) => {
  let test: TestGateway;
  let headers: Headers;
  let everyone: string[];
  beforeAll(async () => {
    test = await openTestGateway(kind);
    headers = await bearer();
    everyone = (await users({})).edges.map(({ node }) => node.id);
  });
  afterAll(() => test.close());

  const users = async (variables: object) => (await test.ask(document, variables, headers)).data?.['users'] as Page;
  const ids = ({ edges }: Page) => edges.map(({ node }) => node.id);

  it('hold every user of the organization once, in the order of the ids, and nobody else', async () => {
    const rows = await test.rows('select id from users where organization_id = $1', 'org_demo');
    expect([...everyone].sort()).toEqual(rows.map(({ id }) => id).sort());
    expect(everyone).toHaveLength(10);
  });

  it('lead forwards through the whole list', async () => {
    const seen: string[] = [];
    let page = await users({ first: 3 });
    while (true) {
      seen.push(...ids(page));
      expect(page.totalCount).toBe(10);
      expect(page.pageInfo).toMatchObject({ startCursor: page.edges[0]?.cursor, endCursor: page.edges.at(-1)?.cursor });
      if (!page.pageInfo.hasNextPage) {
        break;
      }
      page = await users({ first: 3, after: page.pageInfo.endCursor });
      expect(page.pageInfo.hasPreviousPage).toBe(true);
    }
    expect(seen).toEqual(everyone);
  });

  it('lead backwards through the whole list, each in the same order as forwards', async () => {
    const seen: string[] = [];
    let page = await users({ last: 4 });
    expect(page.pageInfo.hasNextPage).toBe(false);
    while (true) {
      seen.unshift(...ids(page));
      if (!page.pageInfo.hasPreviousPage) {
        break;
      }
      page = await users({ last: 4, before: page.pageInfo.startCursor });
      expect(page.pageInfo.hasNextPage).toBe(true);
    }
    expect(seen).toEqual(everyone);
  });

  it('lie between two cursors', async () => {
    const { edges } = await users({});
    const between = await users({ after: edges[1]?.cursor, before: edges[5]?.cursor });
    expect(ids(between)).toEqual(everyone.slice(2, 5));
  });

  it('are empty where none are asked for, and say that there are more', async () => {
    expect(await users({ first: 0 })).toMatchObject({ edges: [], pageInfo: { hasNextPage: true, startCursor: null } });
  });

  it.each([
    ['by a part of the login', { search: 'VERA@' }, ['vera@demo.test']],
    ['by a part of the name', { search: 'nina' }, ['nina@demo.test']],
    ['by wildcards taken literally', { search: '%' }, []],
    ['by project', { projectId: 'proj_winter' }, ['ada@demo.test', 'nina@demo.test', 'vera@demo.test']],
    ['by role', { roleId: 'role_reporting' }, ['rob@demo.test']],
    ['by global role', { globalRole: 'USER_MANAGER' }, ['mia@demo.test', 'uma@demo.test']],
    ['by all of them', { projectId: 'proj_winter', search: 'a', globalRole: 'ADMIN' }, ['ada@demo.test']],
    ['by a project of another organization', { projectId: 'proj_basic' }, []],
  ])('are narrowed down %s', async (_how, filter, logins) => {
    const answer = await test.ask(
      'query ($filter: UserFilter) { users(filter: $filter) { totalCount edges { node { login } } } }',
      { filter },
      headers,
    );
    const found = answer.data?.['users'] as { totalCount: number; edges: { node: { login: string } }[] } | undefined;
    const { totalCount, edges } = found ?? { totalCount: -1, edges: [] };
    expect(edges.map(({ node }) => node.login).sort()).toEqual(logins);
    expect(totalCount).toBe(logins.length);
  });

  it.each([
    ['more than 200', { first: 201 }, ['users', 'first']],
    ['less than none', { last: -1 }, ['users', 'last']],
    ['from both ends at once', { first: 1, last: 1 }, ['users', 'last']],
    ['behind something that is no cursor', { after: 'x' }, ['users', 'after']],
    [
      'behind a cursor of a list with another order',
      { after: Buffer.from('["a","b"]').toString('base64url') },
      ['users', 'after'],
    ],
    ['behind a cursor with a NUL', { after: Buffer.from('["\\u0000"]').toString('base64url') }, ['users', 'after']],
    ['for a project id that is none', { filter: { projectId: 'x' } }, ['filter', 'projectId']],
  ])('are refused where one asks for %s', async (_what, variables, path) => {
    const { data, errors } = await test.ask(document, variables, headers);
    expect(data ?? null).toBeNull();
    expect(errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT', issues: [{ path }] } }]);
  });

  it.each([
    [
      'inside of pages',
      '{ users(first: 200) { edges { node { projects(first: 200) { edges { node { members { totalCount } } } } } } } }',
    ],
    [
      'by way of fragments',
      'fragment P on User { projects(first: 200) { edges { node { members(last: 2) { totalCount } } } } } { users(first: 200) { edges { node { ...P } } } }',
    ],
  ])('are refused where pages %s come to more than 50,000 entries', async (_how, query) => {
    expect((await test.ask(query, {}, headers)).errors).toMatchObject([{ extensions: { code: 'TOO_MANY_ENTRIES' } }]);
    const smaller = query
      .replace('users(first: 200)', 'users(first: 20)')
      .replace('projects(first: 200)', 'projects(first: 20)');
    expect((await test.ask(smaller, {}, headers)).errors).toBeUndefined();
  });

  it('count what nodes answers as one of them', async () => {
    const query =
      'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Project { members(first: 200) { edges { node { projects(first: 200) { totalCount } } } } } } }';
    const ids = Array.from({ length: 20 }, () => 'proj_winter');
    expect((await test.ask(query, { ids }, headers)).errors).toMatchObject([
      { extensions: { code: 'TOO_MANY_ENTRIES' } },
    ]);
    expect((await test.ask(query, { ids: ids.slice(0, 1) }, headers)).errors).toBeUndefined();
  });

  it.each(['0000-01-01T00:00:00Z', '2026-01-01T00:00:00.000+23:59', `2026-01-01T00:00:00.${'0'.repeat(200)}Z`])(
    'are refused behind an instant that no cursor holds: %s',
    async (instant) => {
      const after = Buffer.from(JSON.stringify([instant, 'rev_x'])).toString('base64url');
      const { errors } = await test.ask(
        'query ($a: String) { revocations(after: $a) { totalCount } }',
        { after, a: after },
        headers,
      );
      expect(errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT' } }]);
    },
  );

  it.each([
    [
      'mutation ($d: ID) { unassignUserFromProject(input: { projectId: "proj_winter", user: { id: $d } }) { __typename } }',
      { d: null },
    ],
    ['query ($d: ID) { user(by: { id: $d }) { id } }', {}],
    ['query ($i: ID = "x") { node(id: $i) { id } }', { i: null }],
  ])(
    'and everything else are refused as bad input where a variable is null that must not be: %s',
    async (query, variables) => {
      const { errors } = await test.ask(query, variables, headers);
      expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    },
  );

  it('and everything else are looked at before the first field of a document is carried out', async () => {
    const query = `mutation ($d: ID) {
      a: removeGlobalRole(input: { role: BASE_ROLE, user: { login: "uma@demo.test" } }) { __typename }
      b: removeGlobalRole(input: { role: BASE_ROLE, user: { id: $d } }) { __typename }
    }`;
    expect(await test.ask(query, { d: null }, headers)).toMatchObject({
      errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    });
    expect(await test.rows('select 1 from revocations')).toEqual([]);
  });

  it('of one operation are not judged by the variables of another', async () => {
    const query = `query Mine { users(first: 1) { totalCount } }
      query Other($n: Int!, $id: ID!) { users(first: $n) { totalCount } node(id: $id) { id } }`;
    const response = await test.gateway.fetch('http://localhost/graphql', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify({ query, operationName: 'Mine' }),
    });
    expect(await response.json()).toMatchObject({ data: { users: { totalCount: 10 } } });
  });

  it.each([[null], [undefined]])('are bad input where a switch is %j', async (on) => {
    const query =
      'query ($on: Boolean = true) { user(by: { id: "user_ada" }) { sessions(activeOnly: $on) { totalCount } } }';
    const { data, errors } = await test.ask(query, { on }, headers);
    expect(on === null ? errors?.[0]?.extensions?.['code'] : data?.['user']).toEqual(
      on === null ? 'BAD_USER_INPUT' : { sessions: { totalCount: 0 } },
    );
  });

  it('cost nobody anything who is not known', async () => {
    const query = 'query ($x: [ID!]!) { nodes(ids: $x) { id } users(first: 500) { totalCount } }';
    const { errors } = await test.ask(query, { x: ['user_x'] }, {});
    expect(errors?.[0]).toMatchObject({ extensions: { code: 'UNAUTHENTICATED' } });
  });
});
