import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { databaseKinds } from '../support/databases.js';
import { bearer, credentials, type Headers, openTestGateway, type TestGateway } from '../support/gateway.js';

const document = `query ($representations: [_Any!]!) {
  _entities(representations: $representations) { __typename ... on Node { id } ... on User { login } }
}`;
const rob = 'user_770e8400-e29b-41d4-a716-446655440003';

describe.each(databaseKinds)('_entities on %s', (kind) => {
  let test: TestGateway;
  beforeAll(async () => {
    test = await openTestGateway(kind);
  });
  afterAll(() => test.close());
  beforeEach(() => test.reset());

  const ask = (representations: unknown, headers: Headers) => test.ask(document, { representations }, headers);
  const find = async (representations: readonly unknown[], headers: Headers) => {
    const { data, errors } = await ask(representations, headers);
    expect(errors).toBeUndefined();
    return data?.['_entities'] as readonly unknown[];
  };
  const user = (id: string) => ({ __typename: 'User', id });

  it('answers entities of every type in the order they are asked for', async () => {
    await test.rows(`insert into revocations (id, organization_id, kind, state, user_id, requested_user,
        requested_target, actor, credential, requested_at, settled_at, trace_id)
      values ('rev_1', 'org_demo', 'ROLE', 'DONE', '${rob}', '${rob}', 'role_x', 'mgmt_x', 'MANAGEMENT_TOKEN', now(),
        now(), 'a trace')`);
    await test.rows(`insert into grants (id, organization_id, kind, state, user_id, requested_user, requested_target,
        actor, credential, requested_at, settled_at, trace_id)
      values ('grant_1', 'org_demo', 'ROLE', 'DONE', '${rob}', '${rob}', 'role_x', 'mgmt_x', 'MANAGEMENT_TOKEN', now(),
        now(), 'a trace')`);
    const wanted = [
      { __typename: 'Organization', id: 'org_demo' },
      { __typename: 'User', id: rob },
      { __typename: 'Project', id: 'proj_winter' },
      { __typename: 'Role', id: 'role_reporting' },
      { __typename: 'Resource', id: 'res_vpn' },
      { __typename: 'Session', id: 'sess_demo-1' },
      { __typename: 'Revocation', id: 'rev_1' },
      { __typename: 'Grant', id: 'grant_1' },
      { __typename: 'User', id: 'user_ada' },
    ];
    expect(await find(wanted, credentials.management)).toMatchObject(wanted);
  });

  it('answers null for what is not there, in another organization, of another type or no id of this graph', async () => {
    const nothing = [
      ...[user('user_nobody'), user('user_bo'), { __typename: 'Organization', id: 'org_basic' }],
      ...[user('proj_winter'), { __typename: 'Project', id: 'user_ada' }, user('7'), user(''), user('user_\0')],
    ];
    expect(await find([...nothing, user('user_ada')], await bearer())).toEqual([
      ...nothing.map(() => null),
      { __typename: 'User', id: 'user_ada', login: 'ada@demo.test' },
    ]);
  });

  it('shows a caller without authority itself alone', async () => {
    const found = await find([user('user_nina'), user('user_ada')], credentials.plainUserKey);
    expect(found).toEqual([{ __typename: 'User', id: 'user_nina', login: 'nina@demo.test' }, null]);
  });

  it('answers an entity as often as it is asked for, and ignores what comes with the key', async () => {
    const found = await find([user(rob), { ...user(rob), login: 'not-his@demo.test', x: [1] }], await bearer());
    expect(found).toEqual([1, 2].map(() => ({ __typename: 'User', id: rob, login: 'rob@demo.test' })));
  });

  it('takes none and a thousand, and refuses more', async () => {
    const admin = await bearer();
    const many = Array.from({ length: 1000 }, (_, n) => user(n === 999 ? 'user_ada' : `user_${n}`.padEnd(69, '-')));
    expect(await find([], admin)).toEqual([]);
    const found = await find(many, admin);
    expect(found).toHaveLength(1000);
    expect(found?.at(-1)).toMatchObject({ id: 'user_ada' });
    const { data, errors } = await ask([...many, user('user_ada')], admin);
    expect(data ?? null).toBeNull();
    expect(errors).toMatchObject([
      { extensions: { code: 'INVALID_INPUT', issues: [{ path: ['representations'] }] }, path: ['_entities'] },
    ]);
  });

  it.each([
    ['a text', 'user_ada', 'must be an object'],
    ['a list', ['User'], 'must be an object'],
    ['no type', { id: 'user_ada' }, '__typename must be one of'],
    ['an unknown type', { __typename: 'Invoice', id: 'user_ada' }, '__typename must be one of'],
    ['a type that is no entity', { __typename: 'PageInfo', id: 'user_ada' }, '__typename must be one of'],
    ['a name of JavaScript', { __typename: '__proto__', id: 'user_ada' }, '__typename must be one of'],
    ['no id', { __typename: 'User' }, 'must have an id'],
    ['a number for an id', { __typename: 'User', id: 7 }, 'must have an id'],
    ['another key', { __typename: 'User', login: 'ada@demo.test' }, 'must have an id'],
  ])('tells what is wrong with %s', async (_what, representation, message) => {
    const response = await test.gateway.fetch('http://localhost/graphql', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...(await bearer()) },
      body: JSON.stringify({ query: document, variables: { representations: [user('user_ada'), representation] } }),
    });
    expect(response.status).toBe(400);
    const { errors } = (await response.json()) as Awaited<ReturnType<TestGateway['ask']>>;
    expect(errors).toMatchObject([
      { extensions: { code: 'INVALID_INPUT', issues: [{ path: ['representations', '1'] }] } },
    ]);
    expect(JSON.stringify(errors)).toContain(message);
  });

  it('takes representations that stand in the document itself', async () => {
    const inline =
      '{ _entities(representations: [{ __typename: "Project", id: "proj_winter" }]) { ... on Project { name } } }';
    expect(await test.ask(inline, {}, await bearer())).toEqual({ data: { _entities: [{ name: 'Winter' }] } });
  });

  it.each([
    ['_entities', '$all: [_Any!]!', '_entities(representations: $all)'],
    ['nodes', '$all: [ID!]!', 'nodes(ids: $all)'],
  ])('counts as a page: the lists in %s together have 50,000 entries at most', async (name, declared, field) => {
    const query = `query (${declared}) { ${field} { ... on Project { members(first: 200) { edges { node {
      resources(first: 10) { edges { node { id } } }
    } } } } } }`;
    const projects = (count: number) =>
      Array(count).fill(name === 'nodes' ? 'proj_winter' : { __typename: 'Project', id: 'proj_winter' });
    const admin = await bearer();
    expect((await test.ask(query, { all: projects(22) }, admin)).errors).toBeUndefined();
    const { errors } = await test.ask(query, { all: projects(23) }, admin);
    expect(errors).toMatchObject([{ extensions: { code: 'TOO_MANY_ENTRIES' } }]);
  });

  it.each([
    ['no credential', credentials.none, 'UNAUTHENTICATED'],
    ['a wrong one', { 'X-API-Key': 'wrong' }, 'UNAUTHENTICATED'],
    ['a plan without the management API', credentials.basicManagement, 'PAYMENT_REQUIRED'],
  ])('refuses %s', async (_who, headers, code) => {
    const { data, errors } = await ask([user('user_ada')], headers);
    expect(data ?? null).toBeNull();
    expect(errors).toMatchObject([{ extensions: { code } }]);
  });
});

it('_entities counts as one of the caller’s requests', async () => {
  const test = await openTestGateway('embedded', { RATE_LIMIT_PER_MINUTE: '1' });
  const representations = [{ __typename: 'Project', id: 'proj_winter' }];
  const answers = [];
  for (let n = 0; n < 2; n++) {
    answers.push(await test.ask(document, { representations }, credentials.management));
  }
  await test.close();
  expect(answers[0]?.errors).toBeUndefined();
  expect(answers[1]?.errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED' } }]);
});

it.runIf(databaseKinds.includes('postgresql'))(
  '_entities costs one statement a type, however many there are',
  async () => {
    const test = await openTestGateway('postgresql');
    const headers = await bearer();
    const count = async (representations: readonly object[]) => {
      await test.ask(document, { representations }, headers);
      const spy = vi.spyOn(pg.Client.prototype, 'query');
      try {
        expect((await test.ask(document, { representations }, headers)).errors).toBeUndefined();
        return spy.mock.calls.length;
      } finally {
        spy.mockRestore();
      }
    };
    try {
      const users = ['user_ada', 'user_nina', rob].map((id) => ({ __typename: 'User', id }));
      const projects = ['proj_winter', 'proj_TrlkLiH4'].map((id) => ({ __typename: 'Project', id }));
      const none = await count([]);
      expect(await count(users)).toBe(none + 1);
      expect(await count([...users, ...projects, ...users])).toBe(none + 2);
    } finally {
      await test.close();
    }
  },
);
