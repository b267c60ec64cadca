import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds } from '../support/databases.js';
import { bearer, credentials, type Headers, openTestGateway, type TestGateway } from '../support/gateway.js';
import { grant } from '../support/grants.js';
import { remove } from '../support/removals.js';

const vera = 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl';
const rob = 'user_770e8400-e29b-41d4-a716-446655440003';

interface Edge {
  readonly cursor: string;
  readonly node: Readonly<Record<string, unknown>>;
}

describe.each(databaseKinds)('the audit trail of removals and grants on %s', (kind) => {
  let test: TestGateway;
  let administrator: Headers;
  beforeAll(async () => {
    test = await openTestGateway(kind);
    administrator = await bearer();
    const project = { projectId: 'proj_TrlkLiH4', user: { id: vera } };
    await remove(test, 'unassignUserFromProject', { ...project, reason: 'one' }, credentials.management);
    await grant(test, 'assignUserToProject', { ...project, role: 'OWNER', reason: 'two' }, credentials.management);
    const taken = await remove(
      test,
      'unassignUserFromRole',
      { roleId: 'role_reporting', user: { id: rob }, reason: 'three' },
      administrator,
    );
    const { id: revocationId } = taken['revocation'] as { id: string };
    await grant(test, 'restoreAccess', { revocationId, reason: 'four' }, administrator);
    await grant(
      test,
      'addGlobalRole',
      { role: 'ADMIN', user: { id: rob }, reason: 'five' },
      credentials.userManagerKey,
    );
    await test.rows(`update users set active = false where id = 'user_noa'`);
    const noa = { role: 'ODATA', user: { id: 'user_noa' }, reason: 'six' };
    await grant(test, 'addGlobalRole', noa, credentials.userManagerKey);
  });
  afterAll(() => test.close());

  const ask = async (args: string, headers = administrator) => {
    const document = `{ accessChanges${args} { totalCount pageInfo { hasNextPage hasPreviousPage } edges { cursor node {
      __typename id reason kind state code actor projectRole user { id } project { id } role { id } globalRole
      ... on Grant { revocation { reason } }
    } } } }`;
    const { data, errors } = await test.ask(document, {}, headers);
    expect(errors).toBeUndefined();
    return data?.['accessChanges'] as { totalCount: number; pageInfo: object; edges: readonly Edge[] };
  };
  const reasons = async (args: string, headers?: Headers) =>
    (await ask(args, headers)).edges.map(({ node }) => node['reason']);

  it('tells both, newest first', async () => {
    const { edges, totalCount } = await ask('');
    expect(totalCount).toBe(6);
    expect(edges.map(({ node }) => node)).toMatchObject([
      { __typename: 'Grant', reason: 'six', state: 'REFUSED', code: 'CONFLICT', user: { id: 'user_noa' } },
      { __typename: 'Grant', reason: 'five', code: 'FORBIDDEN', globalRole: 'ADMIN', actor: 'user_mia' },
      { __typename: 'Grant', reason: 'four', kind: 'ROLE', state: 'DONE', revocation: { reason: 'three' } },
      { __typename: 'Revocation', reason: 'three', kind: 'ROLE', role: { id: 'role_reporting' } },
      { __typename: 'Grant', reason: 'two', projectRole: 'OWNER', project: { id: 'proj_TrlkLiH4' }, revocation: null },
      { __typename: 'Revocation', reason: 'one', projectRole: 'EDITOR', user: { id: vera } },
    ]);
  });

  it.each([
    ['a user', `(filter: { userId: "${vera}" })`, ['two', 'one']],
    ['a kind', '(filter: { kind: ROLE })', ['four', 'three']],
    ['a state', '(filter: { state: REFUSED })', ['six', 'five']],
    ['all of them', `(filter: { userId: "${rob}", kind: ROLE, state: DONE })`, ['four', 'three']],
  ])('is narrowed down to %s', async (_what, args, expected) => {
    expect(await reasons(args)).toEqual(expected);
  });

  it('is paged through in both directions, across the two kinds of record', async () => {
    const first = await ask('(first: 4)');
    expect(first).toMatchObject({ totalCount: 6, pageInfo: { hasNextPage: true, hasPreviousPage: false } });
    const after = first.edges.at(-1)?.cursor;
    const rest = await ask(`(first: 4, after: "${after}")`);
    expect([...first.edges, ...rest.edges].map(({ node }) => node['reason'])).toEqual(await reasons(''));
    expect(rest).toMatchObject({ pageInfo: { hasNextPage: false } });
    expect(await reasons(`(last: 2, before: "${after}")`)).toEqual(['five', 'four']);
    expect(await reasons('(last: 1)')).toEqual(['one']);
  });

  it('shows a plain user only what is about itself, and nothing to another organization', async () => {
    expect(await reasons('', await bearer(rob, { roles: [] }))).toEqual(['five', 'four', 'three']);
    expect(await reasons('', credentials.plainUserKey)).toEqual([]);
    expect(await reasons('', await bearer('user_bo', { organization: 'org_basic' }))).toEqual([]);
  });

  it('has every grant under its id', async () => {
    const id = (await ask('(first: 1)')).edges[0]?.node['id'];
    const one = `query ($id: ID!) { grant(id: $id) { reason } node(id: $id) { __typename id } }`;
    expect(await test.ask(one, { id }, administrator)).toEqual({
      data: { grant: { reason: 'six' }, node: { __typename: 'Grant', id } },
    });
    expect(await test.ask(one, { id }, credentials.plainUserKey)).toEqual({ data: { grant: null, node: null } });
    expect(await test.ask(one, { id }, await bearer('user_bo', { organization: 'org_basic' }))).toEqual({
      data: { grant: null, node: null },
    });
  });

  it('cannot be changed or deleted', async () => {
    const change = (sql: string) =>
      test.rows(sql).then(
        () => 'done',
        ({ code }: { code: string }) => code,
      );
    const restrictViolation = '23001';
    expect(await change(`update grants set state = 'DONE', code = null where state = 'REFUSED'`)).toBe(
      restrictViolation,
    );
    expect(await change(`update grants set reason = 'another'`)).toBe(restrictViolation);
    expect(await change('delete from grants')).toBe(restrictViolation);
    expect(await change('truncate grants')).toBe(restrictViolation);
  });
});

it.runIf(databaseKinds.includes('postgresql'))(
  'the audit trail costs one statement a page, and walks two indexes',
  async () => {
    const test = await openTestGateway('postgresql');
    try {
      await test.rows(
        `insert into revocations (id, organization_id, kind, state, requested_user, requested_target, actor, credential,
         requested_at, settled_at, trace_id)
       select 'rev_' || n, 'org_demo', 'ROLE', 'DONE', 'x', 'y', 'z', 'BEARER', now() - n * interval '1 minute', now(), 'a'
       from generate_series(1, 20000) n`,
      );
      await test.rows(
        `insert into grants (id, organization_id, kind, state, requested_user, requested_target, actor, credential,
         requested_at, settled_at, trace_id)
       select 'grant_' || n, 'org_demo', 'ROLE', 'DONE', 'x', 'y', 'z', 'BEARER', now() - n * interval '90 seconds', now(), 'a'
       from generate_series(1, 20000) n`,
      );
      await test.rows('analyze revocations, grants');
      const statements: [string, readonly unknown[] | undefined][] = [];
      const query = test.database.query.bind(test.database);
      test.database.query = (sql, parameters) => {
        statements.push([sql, parameters]);
        return query(sql, parameters);
      };
      const document = '{ accessChanges(first: 50) { edges { node { id } } } }';
      expect((await test.ask(document, {}, await bearer())).errors).toBeUndefined();
      test.database.query = query;
      const page = statements.filter(([sql]) => sql.includes('union all'));
      expect(page).toHaveLength(1);
      const [[sql, parameters] = ['']] = page;
      const plan = await query<{ 'QUERY PLAN': string }>(`explain (analyze, timing off) ${sql}`, parameters);
      const text = plan.map((row) => row['QUERY PLAN']).join('\n');
      expect(text).toContain('Merge Append');
      expect(text).not.toMatch(/Seq Scan|Sort Method/);
    } finally {
      await test.close();
    }
  },
);
