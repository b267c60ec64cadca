import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isUnavailable } from '../../src/database/failures.js';
import { databaseKinds, openTestDatabase, type TestDatabase } from '../support/databases.js';
import { type Answer, acme, administrator, call, type DatabaseFunction, fillDirectory } from './directory.js';

const removals: readonly (readonly [DatabaseFunction, Record<string, unknown>])[] = [
  ['unassign_user_from_project', { userId: acme.ada, projectId: 'proj_1' }],
  ['unassign_user_from_role', { userId: acme.ada, roleId: acme.role }],
  ['remove_global_role', { userId: acme.ada, globalRole: 'BASE_ROLE' }],
];

describe.each(databaseKinds)('the database functions of the removals, on %s', (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase(kind);
    await fillDirectory(database);
  });
  afterAll(() => database.close());

  const access = () =>
    database.query(
      `select (select array_agg(project_id order by 1) from project_members where user_id = u.id) as projects,
         (select array_agg(role_id) from role_users where user_id = u.id) as roles, u.global_roles, u.tokens_not_before,
         (select count(*) from revocations) as revocations,
         (select count(*) from sessions where user_id = u.id and ended_at is null) as sessions
       from users u where u.id = 'user_ada'`,
    );

  describe.each(removals)('%s', (name, request) => {
    beforeEach(async () => {
      await database.query(
        `insert into project_members select 'org_acme', id, 'user_ada', 'USER' from projects
         where organization_id = 'org_acme' on conflict do nothing`,
      );
      await database.query(`insert into role_users values ('org_acme', 'role_ops', 'user_ada') on conflict do nothing`);
      await database.query(`update users set global_roles = '{BASE_ROLE}' where id = 'user_ada'`);
      await database.query(
        `insert into sessions (id, organization_id, user_id, started_at, expires_at)
         values ('sess_1', 'org_acme', 'user_ada', now(), now() + interval '1 hour')
         on conflict (id) do update set ended_at = null, expires_at = excluded.expires_at`,
      );
    });

    // What differs by its nature: the record, what the change did to the rows, and that it was done.
    const comparable = ({ applied, revocation, user, sessions, ...facts }: Answer) => ({
      ...facts,
      user: user?.['id'],
      sessions: sessions.map(({ id }) => id),
    });

    test('answers a dry run as the real thing, and changes nothing', async () => {
      const before = await access();
      const dry = await call(database, name, { ...request, dryRun: true });
      expect(await access()).toEqual(before);
      expect(dry).toMatchObject({ refusal: null, applied: false, revocation: null });
      const real = await call(database, name, request);
      expect(real).toMatchObject({ refusal: null, applied: true, revocation: { state: 'DONE' } });
      expect(comparable(dry)).toEqual(comparable(real));
      expect(await access()).not.toEqual(before);
    });

    test('changes and records nothing where the request does not say that it is meant', async () => {
      const before = await access();
      await call(database, name, { ...request, dryRun: undefined });
      expect(await access()).toEqual(before);
    });

    test.each([
      ['no credential', { credential: undefined, claims: [] }],
      ['no claims', { claims: undefined }],
      ['a claim that is null', { claims: [null] }],
      ['a claim of nothing', { claims: ['ADMINISTRATOR', ''] }],
      ['a user of another organization', { claims: [], userId: 'user_other', credential: 'API_KEY' }],
      ['an administrator that was deactivated', { claims: ['ORG_ADMIN'], userId: 'user_gone' }],
    ])('refuses a caller with %s', async (_, difference) => {
      await database.query(
        `insert into users (id, organization_id, login, subject, active, org_admin, global_roles)
         values ('user_gone', 'org_acme', 'gone', 'gone', false, true, '{ADMIN}') on conflict do nothing`,
      );
      const answer = await call(database, name, { ...request, dryRun: true }, { ...administrator, ...difference });
      expect(answer.refusal).toBe('FORBIDDEN');
    });

    test('finds nothing of another organization', async () => {
      const elsewhere = { ...administrator, organizationId: 'org_other' };
      const answer = await call(database, name, { ...request, dryRun: true }, elsewhere);
      expect(answer).toMatchObject({ refusal: expect.stringMatching(/_NOT_FOUND$/), user: null, sessions: [] });
    });
  });

  test('refuse every token of the time before, to the millisecond, and never go back', async () => {
    const since = async () => {
      const [row] = await database.query<{ since: Date; now: Date }>(
        `select tokens_not_before as since, date_trunc('milliseconds', clock_timestamp()) as now
         from users where id = 'user_ada'`,
      );
      return row ?? { since: new Date(0), now: new Date(0) };
    };
    await call(database, 'unassign_user_from_project', { userId: acme.ada, projectId: 'proj_1' });
    const first = await since();
    expect(first.now.getTime() - first.since.getTime()).toBeLessThan(10_000);
    expect(first.since.getTime()).toBeLessThanOrEqual(first.now.getTime() + 1);

    await database.query(`update users set tokens_not_before = '2100-01-01' where id = 'user_ada'`);
    await call(database, 'unassign_user_from_project', { userId: acme.ada, projectId: 'proj_2' });
    expect((await since()).since).toEqual(new Date('2100-01-01'));
    const start = { sessionId: 'sess_2', tokenHash: null, ttlSeconds: 60 };
    const caller = { ...administrator, userId: acme.ada, tokenIssuedAt: Date.UTC(2099, 11, 31) / 1000 };
    expect(await call(database, 'start_session', start, caller)).toMatchObject({ refusal: 'UNAUTHENTICATED' });
  });

  // On the embedded database nothing happens at the same time.
  test.skipIf(kind === 'embedded')('acknowledge nothing that was granted again at the same moment', async () => {
    const replacing = database.transaction(async (queries) => {
      await queries.query(`delete from role_users where user_id = 'user_ada'`);
      await queries.query(`insert into role_users values ('org_acme', 'role_ops', 'user_ada')`);
      await queries.query('select pg_sleep(0.5)');
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    const removal = call(database, 'unassign_user_from_role', { userId: acme.ada, roleId: acme.role });
    const failure = await removal.catch((error: unknown) => error);
    await replacing;
    expect(isUnavailable(failure)).toBe(true);
    expect(await database.query(`select 1 as one from role_users where user_id = 'user_ada'`)).toEqual([{ one: 1 }]);
  });

  test('are not led astray by a temporary table of the same name', async () => {
    await database.transaction(async (queries) => {
      await queries.query(
        'create temporary table role_users (organization_id text, role_id text, user_id text) on commit drop',
      );
      const answer = await call(queries, 'unassign_user_from_role', { userId: acme.ada, roleId: acme.role });
      expect(answer.applied).toBe(true);
    });
    expect(await database.query(`select 1 from role_users where user_id = 'user_ada'`)).toEqual([]);
  });
});
