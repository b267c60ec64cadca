import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { databaseKinds } from '../support/databases.js';
import { bearer, credentials, type Headers, openTestGateway, type TestGateway } from '../support/gateway.js';

const rob = 'user_770e8400-e29b-41d4-a716-446655440003';

describe.each(databaseKinds)('the access of a user on %s', (kind) => {
  let test: TestGateway;
  let administrator: Headers;
  beforeAll(async () => {
    test = await openTestGateway(kind);
    administrator = await bearer();
  });
  afterAll(() => test.close());

  it('is told with projects, roles, resources and through what, and sessions', async () => {
    const document = `{ user(by: { login: "rob@demo.test" }) {
      id login name orgAdmin active globalRoles canStartSession
      projects { totalCount edges { role node { id name } } }
      roles { edges { node { id description } } }
      resources { totalCount edges { direct roles { id } node { id } } }
      sessions { edges { node { id active user { id } } } }
    } }`;
    expect(await test.ask(document, {}, administrator)).toEqual({
      data: {
        user: {
          id: rob,
          login: 'rob@demo.test',
          name: 'Rob',
          orgAdmin: false,
          active: true,
          globalRoles: [],
          canStartSession: true,
          projects: { totalCount: 1, edges: [{ role: 'VIEWER', node: { id: 'proj_TrlkLiH4', name: 'Summer' } }] },
          roles: {
            edges: [
              { node: { id: 'role_550e8400-e29b-41d4-a716-446655440000', description: 'Keeps everything running' } },
              { node: { id: 'role_reporting', description: null } },
            ],
          },
          resources: {
            totalCount: 3,
            edges: [
              {
                direct: false,
                roles: [{ id: 'role_550e8400-e29b-41d4-a716-446655440000' }],
                node: { id: 'res_database' },
              },
              {
                direct: false,
                roles: [{ id: 'role_550e8400-e29b-41d4-a716-446655440000' }, { id: 'role_reporting' }],
                node: { id: 'res_reports' },
              },
              {
                direct: true,
                roles: [{ id: 'role_550e8400-e29b-41d4-a716-446655440000' }],
                node: { id: 'res_servers' },
              },
            ],
          },
          sessions: { edges: [{ node: { id: 'sess_demo-2', active: true, user: { id: rob } } }] },
        },
      },
    });
  });

  it('can be asked for from the other side', async () => {
    const document = `{
      project(id: "proj_winter") { members { totalCount edges { role node { login } } } }
      role(id: "role_reporting") { name users { edges { node { login } } } resources { edges { node { name } } } }
      projects { totalCount } roles { totalCount edges { node { id } } }
    }`;
    expect(await test.ask(document, {}, administrator)).toMatchObject({
      data: {
        project: {
          members: {
            totalCount: 3,
            edges: expect.arrayContaining([{ role: 'ADMIN', node: { login: 'ada@demo.test' } }]),
          },
        },
        role: {
          name: 'Reporting',
          users: { edges: [{ node: { login: 'rob@demo.test' } }] },
          resources: { edges: [{ node: { name: 'Reports' } }] },
        },
        projects: { totalCount: 2 },
        roles: { totalCount: 3 },
      },
    });
  });

  it('is found again by any id, in the order of the ids', async () => {
    const ids = [
      'res_database',
      rob,
      'org_demo',
      'proj_winter',
      'user_none',
      'role_reporting',
      'sess_demo-1',
      'org_basic',
      'user_bo',
    ];
    const document = 'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } node(id: "proj_basic") { id } }';
    expect(await test.ask(document, { ids }, administrator)).toEqual({
      data: {
        nodes: [
          { __typename: 'Resource', id: 'res_database' },
          { __typename: 'User', id: rob },
          { __typename: 'Organization', id: 'org_demo' },
          { __typename: 'Project', id: 'proj_winter' },
          null,
          { __typename: 'Role', id: 'role_reporting' },
          { __typename: 'Session', id: 'sess_demo-1' },
          null,
          null,
        ],
        node: null,
      },
    });
  });

  it.each([
    ['{ node(id: "nonsense") { id } }', ['id']],
    ['{ nodes(ids: ["user_x", "x_y"]) { id } }', ['ids', '1']],
    ['{ project(id: "role_x") { id } }', ['id']],
    ['{ user(by: { login: "user_x" }) { id } }', ['by', 'login']],
  ])('is not found by what is no id: %s', async (document, path) => {
    const { errors } = await test.ask(document, {}, administrator);
    expect(errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT', issues: [{ path }] } }]);
  });

  it('shows a plain user itself, what it has, and nobody else', async () => {
    const document = `{
      users { totalCount edges { node { id } } }
      other: user(by: { login: "vera@demo.test" }) { id }
      projects { totalCount edges { node { id members { totalCount edges { node { id } } } } } }
      hidden: project(id: "proj_TrlkLiH4") { id }
      roles { totalCount }
      nodes(ids: ["user_nina", "user_ada", "proj_winter", "role_reporting", "res_database", "sess_demo-1"]) { id }
      revocations { totalCount }
    }`;
    expect(await test.ask(document, {}, credentials.plainUserKey)).toEqual({
      data: {
        users: { totalCount: 1, edges: [{ node: { id: 'user_nina' } }] },
        other: null,
        projects: {
          totalCount: 1,
          edges: [{ node: { id: 'proj_winter', members: { totalCount: 1, edges: [{ node: { id: 'user_nina' } }] } } }],
        },
        hidden: null,
        roles: { totalCount: 0 },
        nodes: [{ id: 'user_nina' }, null, { id: 'proj_winter' }, null, null, null],
        revocations: { totalCount: 0 },
      },
    });
  });

  it('stays hidden from a plain user who had itself refused something there', async () => {
    const nina = '{ id: "user_nina" }';
    const attempt = `mutation {
      a: unassignUserFromRole(input: { roleId: "role_reporting", user: ${nina} }) { __typename }
      b: unassignUserFromProject(input: { projectId: "proj_TrlkLiH4", user: ${nina} }) { __typename }
    }`;
    const headers = await bearer('user_nina', { roles: [] });
    expect(await test.ask(attempt, {}, headers)).toEqual({
      data: { a: { __typename: 'ForbiddenError' }, b: { __typename: 'ForbiddenError' } },
    });
    const document = '{ revocations { edges { node { user { id } project { name } role { name } } } } }';
    const hidden = { node: { user: { id: 'user_nina' }, project: null, role: null } };
    expect(await test.ask(document, {}, headers)).toEqual({ data: { revocations: { edges: [hidden, hidden] } } });
    expect((await test.ask(document, {}, administrator)).data).toMatchObject({
      revocations: { edges: [{ node: { project: { name: 'Summer' } } }, { node: { role: { name: 'Reporting' } } }] },
    });
  });
});

describe.runIf(databaseKinds.includes('postgresql'))('the cost of a page', () => {
  const document = `query ($first: Int) { users(first: $first) {
    edges { node {
      id canStartSession
      projects { edges { role node { name } } totalCount }
      roles { edges { node { name } } }
      resources { edges { direct roles { name } node { name } } }
      sessions { edges { node { id user { login } } } }
    } }
  } }`;

  async function countStatements(gateway: TestGateway, query: string, variables: object) {
    const headers = await bearer();
    await gateway.ask(query, variables, headers);
    const spy = vi.spyOn(pg.Client.prototype, 'query');
    try {
      expect((await gateway.ask(query, variables, headers)).errors).toBeUndefined();
      return spy.mock.calls.length;
    } finally {
      spy.mockRestore();
    }
  }

  it('is a fixed number of statements, whatever its size', async () => {
    const gateway = await openTestGateway('postgresql');
    await gateway.rows(`insert into users (id, organization_id, login, subject)
      select 'user_more-' || i, 'org_demo', 'more' || i, 'more' || i from generate_series(1, 100) i`);
    await gateway.rows(`insert into project_members (organization_id, project_id, user_id, role)
      select 'org_demo', 'proj_winter', 'user_more-' || i, 'VIEWER' from generate_series(1, 100) i`);
    await gateway.rows(`insert into role_users (organization_id, role_id, user_id)
      select 'org_demo', 'role_reporting', 'user_more-' || i from generate_series(1, 100) i`);
    await gateway.rows(`insert into sessions (id, organization_id, user_id, started_at, expires_at)
      select 'sess_more-' || i, 'org_demo', 'user_more-' || i, now(), now() + interval '1 hour' from generate_series(1, 100) i`);
    try {
      // The credential, the page, then one for everything of its users together; and two for the users of their sessions,
      // which Prisma reads as it does.
      expect(await countStatements(gateway, document, { first: 2 })).toBe(5);
      expect(await countStatements(gateway, document, { first: 50 })).toBe(5);
      expect(await countStatements(gateway, document, { first: 100 })).toBe(5);
    } finally {
      await gateway.close();
    }
  });

  it('is nothing for what is not selected', async () => {
    const gateway = await openTestGateway('postgresql');
    try {
      const count = (query: string) => countStatements(gateway, query, {});
      expect(await count('{ users { edges { node { id } } } }')).toBe(2);
      expect(await count('{ users { totalCount } }')).toBe(2);
      expect(await count('{ users { totalCount edges { node { id } } pageInfo { hasNextPage } } }')).toBe(2);
      expect(await count('{ users { __typename } }')).toBe(1);
      expect(await count('{ viewer { credential permissions organization { name } } }')).toBe(1);
    } finally {
      await gateway.close();
    }
  });
});
