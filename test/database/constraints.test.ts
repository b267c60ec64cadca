import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { databaseKinds, openTestDatabase, type TestDatabase } from '../support/databases.js';
import { acme, call, fillDirectory } from './directory.js';

const foreignKey = '23503';
const check = '23514';
const unique = '23505';
const appendOnly = '23001';

describe.each(databaseKinds)('the tables themselves, on %s', (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase(kind);
    await fillDirectory(database);
  });
  afterAll(() => database.close());

  /** The SQLSTATE with which the database refuses a statement. */
  const refusalOf = (sql: string): Promise<unknown> =>
    database.query(sql).then(
      () => 'not refused',
      (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
    );

  test.each([
    [`insert into project_members values ('org_acme', 'proj_other', 'user_ada', 'USER')`],
    [`insert into project_members values ('org_other', 'proj_other', 'user_ada', 'USER')`],
    [`insert into role_users values ('org_acme', 'role_other', 'user_ada')`],
    [`insert into role_users values ('org_other', 'role_other', 'user_ada')`],
    [`insert into role_resources values ('org_acme', 'role_ops', 'res_other')`],
    [`insert into user_resources values ('org_acme', 'user_ada', 'res_other')`],
    [
      `insert into sessions (id, organization_id, user_id, started_at, expires_at)
      values ('sess_x', 'org_acme', 'user_other', now(), now())`,
    ],
    [
      `insert into api_keys (id, organization_id, user_id, name, key_hash)
      values ('key_x', 'org_acme', 'user_other', 'x', repeat('0', 64))`,
    ],
    [
      `insert into revocations (id, organization_id, kind, state, user_id, requested_user, requested_target, actor,
        credential, requested_at, settled_at, trace_id)
      values ('rev_x', 'org_acme', 'ROLE', 'DONE', 'user_other', 'x', 'x', 'x', 'x', now(), now(), 'x')`,
    ],
  ])('link nothing of one organization to another: %s', async (sql) => {
    expect(await refusalOf(sql)).toBe(foreignKey);
  });

  test.each([
    [`insert into organizations values ('acme', 'no prefix')`],
    [`insert into organizations values (E'org_a\\n', 'line break')`],
    [`insert into organizations values ('org_' || repeat('a', 65), 'too long')`],
    [`update users set login = 'user_looks-like-an-id' where id = 'user_ada'`],
    [`update users set login = '' where id = 'user_ada'`],
    [`update users set login = repeat('a', 255) where id = 'user_ada'`],
    [`update users set external_ids = '[]' where id = 'user_ada'`],
    [
      `insert into management_tokens (id, organization_id, name, token_hash) values ('mgmt_x', 'org_acme', 'x', 'plain')`,
    ],
    [
      `insert into api_keys (id, organization_id, user_id, name, key_hash)
      values ('key_x', 'org_acme', 'user_ada', 'x', 'plain')`,
    ],
    [
      `insert into sessions (id, organization_id, user_id, token_hash, started_at, expires_at)
      values ('sess_x', 'org_acme', 'user_ada', 'plain', now(), now())`,
    ],
    [
      `insert into revocations (id, organization_id, kind, state, requested_user, requested_target, actor, credential,
        requested_at, settled_at, trace_id)
      values ('rev_x', 'org_acme', 'ROLE', 'REFUSED', 'x', 'x', 'x', 'x', now(), now(), 'without a code')`,
    ],
    [
      `insert into revocations (id, organization_id, kind, state, requested_user, requested_target, actor, credential,
        requested_at, trace_id)
      values ('rev_x', 'org_acme', 'ROLE', 'DONE', 'x', 'x', 'x', 'x', now(), 'not settled')`,
    ],
    [
      `insert into revocations (id, organization_id, kind, state, requested_user, requested_target, actor, credential,
        requested_at, settled_at, trace_id, reason)
      values ('rev_x', 'org_acme', 'ROLE', 'DONE', 'x', 'x', 'x', 'x', now(), now(), 'x', repeat('a', 501))`,
    ],
  ])('refuse what has the wrong form: %s', async (sql) => {
    expect(await refusalOf(sql)).toBe(check);
  });

  test('hold a login and a subject once in an organization, and again in another one', async () => {
    const insert = (organization: string, login: string, subject: string) =>
      refusalOf(`insert into users (id, organization_id, login, subject)
        values ('user_new-${organization.slice(4)}', '${organization}', '${login}', '${subject}')`);
    expect(await insert('org_acme', 'ada@acme.test', 'new')).toBe(unique);
    expect(await insert('org_acme', 'new', 'user_ada')).toBe(unique);
    expect(await insert('org_other', 'new', 'user_ada')).toBe('not refused');
  });

  test('compare every column of ids byte by byte, so that pages come in one order everywhere', async () => {
    const others = await database.query(
      `select table_name, column_name from information_schema.columns
       where table_schema = 'public' and table_name not like '\\_%' and data_type = 'text'
         and (column_name = 'id' or column_name like '%\\_id') and column_name not like '%trace\\_id'
         and collation_name is distinct from 'C'`,
    );
    expect(others).toEqual([]);
  });

  describe('of the record of removals', () => {
    beforeAll(async () => {
      await call(database, 'unassign_user_from_project', {
        userId: acme.ada,
        projectId: 'proj_1',
        revocationId: 'rev_1',
      });
      await database.query(
        `insert into revocations (id, organization_id, kind, state, requested_user, requested_target, actor, credential,
           requested_at, trace_id)
         values ('rev_pending', 'org_acme', 'ROLE', 'PENDING', 'x', 'x', 'x', 'x', now(), 'x')`,
      );
      await database.query(
        `insert into offboardings (id, organization_id, user_id, requested_user, actor, credential, started_at, trace_id)
         values ('off_1', 'org_acme', 'user_ada', 'x', 'x', 'x', now(), 'x')`,
      );
    });

    test.each([
      [`update revocations set reason = 'another' where id = 'rev_1'`],
      [`update revocations set state = 'REFUSED', code = 'FORBIDDEN' where id = 'rev_1'`],
      [`update revocations set actor = 'somebody else' where id = 'rev_pending'`],
      [`update revocations set state = 'DONE', settled_at = now(), actor = 'somebody else' where id = 'rev_pending'`],
      [`delete from revocations where id = 'rev_1'`],
      [`delete from revocations where id = 'rev_pending'`],
      ['truncate revocations, grants'],
      ['truncate organizations cascade'],
      [`update offboardings set actor = 'somebody else'`],
      ['delete from offboardings'],
      ['truncate offboardings cascade'],
    ])('refuse to rewrite it: %s', async (sql) => {
      expect(await refusalOf(sql)).toBe(appendOnly);
      expect(await database.query('select id from revocations order by id')).toEqual([
        { id: 'rev_1' },
        { id: 'rev_pending' },
      ]);
      expect(await database.query('select id, actor from offboardings')).toEqual([{ id: 'off_1', actor: 'x' }]);
    });

    test('keep what it refers to', async () => {
      await database.query(`delete from sessions where user_id = 'user_ada'`);
      expect(await refusalOf(`delete from users where id = 'user_ada'`)).toMatch(/^2350[13]|23001$/);
      expect(await refusalOf(`delete from projects where id = 'proj_1'`)).toMatch(/^2350[13]|23001$/);
    });

    test('let a pending one be settled, once', async () => {
      const settle = `update revocations set state = 'DONE', settled_at = now() where id = 'rev_pending'`;
      expect(await refusalOf(settle)).toBe('not refused');
      expect(await refusalOf(settle)).toBe(appendOnly);
    });
  });
});
