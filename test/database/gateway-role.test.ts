import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.js';
import { gatewayPrivileges } from '../../src/database/gateway-role.js';
import { openPostgresql } from '../../src/database/postgresql.js';
import { loadDemo } from '../../src/demo/demo.js';
import { createPostgresqlDatabase, postgresUrl } from '../support/databases.js';
import { bearer, credentials, type Headers, type ServedGateway, serveDatabase } from '../support/gateway.js';
import { administer, createGatewayRole, type TestRole } from '../support/gateway-role.js';
import { grant } from '../support/grants.js';
import { offboard } from '../support/offboardings.js';
import { remove } from '../support/removals.js';
import { type FakeUpstream, startFakeUpstream } from '../support/upstreams.js';

const forbidden = '42501';
const appendOnly = '23001';

const vera = 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl';
const rob = 'user_770e8400-e29b-41d4-a716-446655440003';
const log = pino({ level: 'silent' });

describe.runIf(postgresUrl)('a gateway that serves as a role of its own', () => {
  let drop: () => Promise<void>;
  let ownerUrl: string;
  let role: TestRole;
  let owner: Database;
  let database: Database;
  let upstream: FakeUpstream;
  let folder: string;
  let gateway: ServedGateway;
  let administrator: Headers;

  beforeAll(async () => {
    ({ url: ownerUrl, drop } = await createPostgresqlDatabase());
    role = await createGatewayRole(ownerUrl);
    owner = await openPostgresql({ databaseUrl: ownerUrl, databasePoolSize: 2 }, log);
    database = await openPostgresql({ databaseUrl: role.url, databasePoolSize: 4 }, log);
    // An import, as the role.
    await loadDemo(database);
    upstream = await startFakeUpstream('ENTRYGUARD');
    folder = mkdtempSync(join(tmpdir(), 'divest-role-'));
    writeFileSync(join(folder, 'upstreams.json'), JSON.stringify({ org_demo: { entryguard: upstream.section } }));
    gateway = await serveDatabase(database, { UPSTREAMS_FILE: join(folder, 'upstreams.json') });
    administrator = await bearer();
  });
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
    await database.close();
    await owner.close();
    await drop();
    await role.drop();
    rmSync(folder, { recursive: true });
  });

  test('is given something of every table that there is, so that none was forgotten', async () => {
    const tables = await owner.query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'public' order by 1`,
    );
    expect(gatewayPrivileges.flatMap(({ tables }) => tables).sort()).toEqual(tables.map(({ name }) => name));
  });

  test('removes, gives, restores, starts and ends sessions', async () => {
    const project = { projectId: 'proj_TrlkLiH4', user: { id: vera } };
    const removed = await remove(gateway, 'unassignUserFromProject', project, administrator);
    expect(removed).toMatchObject({ __typename: 'UnassignUserFromProjectSuccess', sessionEffect: 'ENDED' });
    const { id } = removed['revocation'] as { id: string };
    const restored = await grant(gateway, 'restoreAccess', { revocationId: id }, administrator);
    expect(restored).toMatchObject({ __typename: 'RestoreAccessSuccess', applied: true });

    const globalRole = { role: 'ODATA', user: { id: vera } };
    expect(await grant(gateway, 'addGlobalRole', globalRole, administrator)).toMatchObject({ applied: true });
    expect(await remove(gateway, 'removeGlobalRole', globalRole, administrator)).toMatchObject({ applied: true });
    expect(await remove(gateway, 'removeGlobalRole', globalRole, administrator)).toMatchObject({
      __typename: 'UserNotAssignedError',
    });
    expect(await remove(gateway, 'removeGlobalRole', globalRole, credentials.plainUserKey)).toMatchObject({
      __typename: 'ForbiddenError',
    });

    const started = await gateway.ask(
      'mutation { startSession { __typename ... on StartSessionSuccess { token session { id } } } }',
      {},
      await bearer('user_nina', { roles: [] }),
    );
    expect(started.data?.['startSession']).toMatchObject({ __typename: 'StartSessionSuccess' });
    const [session] = await owner.query<{ id: string }>(`select id from sessions where user_id = 'user_nina'
      and ended_at is null order by started_at desc limit 1`);
    const ended = await gateway.ask(
      'mutation ($id: ID!) { endSession(input: { sessionId: $id }) { __typename } }',
      { id: session?.id },
      administrator,
    );
    expect(ended.data?.['endSession']).toEqual({ __typename: 'EndSessionSuccess' });
    expect(await owner.query(`select state::text, count(*) from revocations group by 1 order by 1`)).toEqual([
      { state: 'DONE', count: 2 },
      { state: 'REFUSED', count: 2 },
    ]);
  });

  test('settles what another system carries out, at once and after it was PENDING', async () => {
    await owner.query(
      `update users set external_ids = jsonb_build_object('ENTRYGUARD', md5(id)::uuid) where organization_id = 'org_demo'`,
    );
    await owner.query(
      `update roles set external_ids = jsonb_build_object('ENTRYGUARD', md5(id)::uuid) where organization_id = 'org_demo'`,
    );
    const held = await owner.query<{ key: string; role_id: string }>(
      `select md5(role_id)::uuid || ' ' || md5(user_id)::uuid as key, role_id from role_users where user_id = $1`,
      [rob],
    );
    for (const { key } of held) {
      upstream.assignments.add(key);
    }
    const [first, second] = held.map(({ role_id: roleId }) => ({ roleId, user: { id: rob } }));
    expect(await remove(gateway, 'unassignUserFromRole', first ?? {}, administrator)).toMatchObject({ applied: true });

    upstream.respondWith(() => ({ status: 500, body: 'broken' }));
    const pending = await remove(gateway, 'unassignUserFromRole', second ?? {}, administrator);
    expect(pending).toMatchObject({ __typename: 'UpstreamError', revocation: { state: 'PENDING' } });
    upstream.respondWith(null);
    await expect
      .poll(() => owner.query(`select count(*) from revocations where state = 'PENDING'`), { timeout: 60_000 })
      .toEqual([{ count: 0 }]);
  });

  test('off-boards a user', async () => {
    const answer = await offboard(gateway, { user: { id: vera } }, administrator);
    expect(answer).toMatchObject({ __typename: 'OffboardUserSuccess', applied: true });
    expect(await owner.query('select active from users where id = $1', [vera])).toEqual([{ active: false }]);
  });

  test('imports again, and answers queries', async () => {
    await loadDemo(database);
    const document = '{ users(first: 5) { edges { node { login roles(first: 5) { edges { node { name } } } } } } }';
    const { data, errors } = await gateway.ask(document, {}, credentials.management);
    expect([errors, data?.['users']]).toEqual([undefined, expect.anything()]);
  });

  describe('keeps what is on record', () => {
    let client: Client;
    let before: unknown;
    const recorded = () =>
      owner.query(
        `select (select jsonb_agg(to_jsonb(v) order by v.id) from revocations v) as revocations,
           (select jsonb_agg(to_jsonb(g) order by g.id) from grants g) as grants,
           (select jsonb_agg(to_jsonb(o) order by o.id) from offboardings o) as offboardings`,
      );
    const columns = `id, organization_id, kind, state, requested_user, requested_target, actor, credential, requested_at,
      settled_at, trace_id`;

    beforeAll(async () => {
      for (const [id, state, settled] of [
        ['rev_settled', 'DONE', 'now()'],
        ['rev_pending', 'PENDING', 'null'],
      ]) {
        await owner.query(
          `insert into revocations (${columns}, user_id) values
             ('${id}', 'org_demo', 'ROLE', '${state}', 'x', 'x', 'x', 'x', now(), ${settled}, 'x', 'user_nina')`,
        );
      }
      // What no gateway's role has, and a careless operator might give it.
      await administer(ownerUrl, `create schema scratch authorization ${role.name}`);
      client = new Client({ connectionString: role.url });
      await client.connect();
      before = await recorded();
    });
    afterAll(() => client.end());

    const upsert = `insert into revocations (${columns})
      values ('rev_settled', 'org_demo', 'ROLE', 'DONE', 'x', 'x', 'x', 'x', now(), now(), 'x') on conflict (id) do update`;
    const deceivingOperator = `
      create function scratch.yes(revocation_state, revocation_state) returns boolean language sql as 'select true';
      create operator scratch.= (function = scratch.yes, leftarg = revocation_state, rightarg = revocation_state);
      set search_path = scratch, pg_catalog, public;
      update public.revocations set state = 'REFUSED', code = 'FORBIDDEN' where id operator(pg_catalog.=) 'rev_settled'`;

    test.each([
      ['changing one', `update revocations set reason = 'another' where id = 'rev_settled'`, forbidden],
      ['changing how one ended', `update revocations set code = 'X', state = 'REFUSED'`, appendOnly],
      ['changing what an off-boarding began', `update revocations set offboarding_id = null`, appendOnly],
      ['changing how a grant ended', `update grants set state = 'REFUSED', code = 'X'`, appendOnly],
      ['changing an off-boarding', `update offboardings set actor = 'somebody else'`, forbidden],
      ['deleting them', 'delete from revocations', forbidden],
      ['deleting grants', 'delete from grants', forbidden],
      ['deleting off-boardings', 'delete from offboardings', forbidden],
      ['truncating them', 'truncate revocations, grants, offboardings', forbidden],
      ['truncating all', 'truncate organizations cascade', forbidden],
      ['an upsert of what may be written', `${upsert} set state = 'REFUSED', code = 'X'`, appendOnly],
      ['an upsert of what may not', `${upsert} set actor = 'somebody else'`, forbidden],
      [
        'MERGE',
        `merge into revocations v using (select 'rev_settled' as id) s on v.id = s.id
           when matched then update set state = 'REFUSED', code = 'X'`,
        appendOnly,
      ],
      [
        'MERGE with DELETE',
        `merge into revocations v using (select 'rev_settled' as id) s on v.id = s.id when matched then delete`,
        forbidden,
      ],
      ['deleting their user', `delete from users where id = 'user_nina'`, forbidden],
      ['deleting their organization', `delete from organizations where id = 'org_demo'`, forbidden],
      [
        'renaming their user, which its records follow',
        `update users set id = 'user_other' where id = 'user_nina'`,
        appendOnly,
      ],
      ['renaming their organization', `update organizations set id = 'org_renamed' where id = 'org_demo'`, appendOnly],
      ['switching the trigger off', 'alter table revocations disable trigger all', forbidden],
      ['dropping the trigger', 'drop trigger revocations_are_append_only on revocations', forbidden],
      [
        'another trigger',
        'create trigger x before update on revocations execute function refuse_any_change()',
        forbidden,
      ],
      ['a rule', 'create rule x as on insert to revocations do instead nothing', forbidden],
      ['replication, in which triggers are silent', 'set session_replication_role = replica', forbidden],
      [
        'another function of the trigger',
        `create or replace function refuse_change_of_record() returns trigger language plpgsql as 'begin return new; end'`,
        forbidden,
      ],
      [
        'a function of the same name in a temporary schema',
        `create function pg_temp.refuse_change_of_record() returns trigger language plpgsql as 'begin return new; end';
         set search_path = pg_temp, public;
         update public.revocations set state = 'REFUSED', code = 'X' where id = 'rev_settled'`,
        appendOnly,
      ],
      ['an operator that calls every state PENDING', deceivingOperator, appendOnly],
      ['changing the table', 'alter table revocations alter column actor set default 1', forbidden],
      ['dropping the table', 'drop table revocations cascade', forbidden],
      ['dropping the schema', 'drop schema public cascade', forbidden],
      ['dropping what it owns', `drop owned by postgres`, forbidden],
      ['becoming the owner', 'set role postgres', forbidden],
      ['becoming the owner for the session', 'set session authorization postgres', forbidden],
      ['a table that inherits', 'create temporary table mine () inherits (revocations)', forbidden],
      ['copying from a program', `copy revocations from program 'true'`, forbidden],
      [
        'changing who asked for a pending one while it is settled',
        `update revocations set state = 'DONE', settled_at = now(), actor = 'somebody else' where id = 'rev_pending'`,
        forbidden,
      ],
    ])('against %s', async (_what, sql, code) => {
      const refusal = await client.query(sql).then(
        () => 'not refused',
        (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
      );
      await client.query('reset all');
      expect(refusal).toBe(code);
      expect(await recorded()).toEqual(before);
    });

    test('and lets a pending one be settled, once', async () => {
      const settle = `update revocations set state = 'DONE', settled_at = now() where id = 'rev_pending'`;
      expect((await client.query(settle)).rowCount).toBe(1);
      await expect(client.query(settle)).rejects.toMatchObject({ code: appendOnly });
    });
  });
});
