import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { importFile } from '../../src/import/import.js';
import { databaseKinds, postgresUrl } from '../support/databases.js';
import { bearer, credentials, type Headers, type ServedGateway } from '../support/gateway.js';
import { remove } from '../support/removals.js';
import { eventually, openUpstreamGateway, type UpstreamGateway } from '../support/upstream-gateway.js';

const vera = 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl';
const uma = 'user_5ce7c2d833ea1e04d7e6c432';
const broken = { status: 500, body: 'broken' };

describe.each(databaseKinds)('while a removal is PENDING, on %s', (kind) => {
  const folder = mkdtempSync(join(tmpdir(), 'divest-late-'));
  let gateway: UpstreamGateway;
  let administrator: Headers;
  beforeAll(async () => {
    gateway = await openUpstreamGateway(kind);
    administrator = await bearer();
  });
  beforeEach(() => gateway.reset());
  afterAll(async () => {
    await gateway.close();
    rmSync(folder, { recursive: true });
  });

  const bringIn = async (content: object) => {
    const path = join(folder, 'import.json');
    writeFileSync(path, JSON.stringify(content));
    await importFile(gateway.database, path);
  };
  const projectsOf = async (user: string) =>
    (await gateway.rows('select project_id from project_members where user_id = $1 order by project_id', user)).map(
      (row) => row['project_id'],
    );
  const unassign = (projectId: string, user = vera) =>
    remove(gateway, 'unassignUserFromProject', { projectId, user: { id: user } }, credentials.management);
  const settled = () =>
    eventually(async () => (await gateway.rows('select from upstream_calls')).length === 0, 'all calls are settled');
  /** Lets every attempt fail from now on so that nobody knows what became of it. */
  const lose = () => gateway.fakes.VOUCHERIFY.respondWith(() => broken);

  describe('an import that brings it back', () => {
    const members = [
      { user: 'user_ada', role: 'ADMIN' },
      { user: vera, role: 'OWNER' },
    ];
    beforeEach(async () => {
      lose();
      expect(await unassign('proj_TrlkLiH4')).toMatchObject({ outcomeUnknown: true });
      await bringIn({ projects: [{ id: 'proj_TrlkLiH4', organization: 'org_demo', members }] });
    });

    it('is undone once the system has removed it, and a session that held it ends', async () => {
      const [session] = await gateway.rows(
        `insert into sessions (id, organization_id, user_id, started_at, expires_at, project_ids)
         values ('sess_late', 'org_demo', $1, now(), now() + interval '1 hour', '{proj_TrlkLiH4}') returning id`,
        vera,
      );
      gateway.fakes.VOUCHERIFY.respondWith(null);
      await settled();
      expect(await projectsOf(vera)).toEqual(['proj_winter']);
      expect(
        await gateway.rows(`select ended_at is null as active from sessions where id = $1`, session?.['id']),
      ).toEqual([{ active: false }]);
    });

    it('stands, with the role that it brought, where the system refuses', async () => {
      gateway.fakes.VOUCHERIFY.respondWith(() => ({ status: 400, body: { code: 400, key: 'locked', message: 'No' } }));
      await settled();
      const rows = await gateway.rows(`select role from project_members where user_id = $1 and role <> 'VIEWER'`, vera);
      expect(rows).toEqual([{ role: 'OWNER' }]);
    });

    it('does not make another project one that may go', async () => {
      expect(await projectsOf(vera)).toEqual(['proj_TrlkLiH4', 'proj_winter']);
      expect(await unassign('proj_winter')).toMatchObject({ __typename: 'LastProjectError' });
      expect(await unassign('proj_TrlkLiH4')).toMatchObject({ __typename: 'ConflictError' });
    });
  });

  it('the project counts as gone, and is one again when it is put back', async () => {
    lose();
    await unassign('proj_TrlkLiH4');
    expect(await unassign('proj_winter')).toMatchObject({ __typename: 'LastProjectError' });
    gateway.fakes.VOUCHERIFY.respondWith((request, act) =>
      request.path.includes('TrlkLiH4') ? { status: 400, body: { code: 400, key: 'locked', message: 'No' } } : act(),
    );
    await settled();
    expect(await unassign('proj_winter')).toMatchObject({ applied: true });
    expect(await projectsOf(vera)).toEqual(['proj_TrlkLiH4']);
  });

  it('an administrator counts as gone, also where an import brings the role back', async () => {
    await gateway.rows(`update users set global_roles = '{ADMIN}' where id = $1`, uma);
    gateway.fakes.COGNIGY.respondWith(() => broken);
    const removeAdmin = (id: string) =>
      remove(gateway, 'removeGlobalRole', { role: 'ADMIN', user: { id } }, administrator);
    expect(await removeAdmin(uma)).toMatchObject({ outcomeUnknown: true });
    expect(await removeAdmin('user_ada')).toMatchObject({ __typename: 'LastAdministratorError' });
    await bringIn({ users: [{ id: uma, organization: 'org_demo', globalRoles: ['ADMIN'] }] });
    expect(await removeAdmin('user_ada')).toMatchObject({ __typename: 'LastAdministratorError' });
  });

  it.each([401, 404, 409, 503])('a later %i says nothing of the attempt before: it stays so', async (status) => {
    gateway.fakes.VOUCHERIFY.respondWith((_request, act) => {
      act();
      gateway.fakes.VOUCHERIFY.respondWith(() => ({
        status,
        headers: { 'Retry-After': '60' },
        body: { code: status },
      }));
      return { status: 504 };
    });
    await unassign('proj_TrlkLiH4');
    await gateway.rows(`update upstream_calls set next_attempt_at = now()`);
    const isAsked = async () =>
      (await gateway.rows('select from upstream_calls where attempts = 2 and undone = 1')).length === 1;
    await eventually(isAsked, 'it was asked for again, and refused');
    expect(await gateway.rows('select state, code, settled_at from revocations')).toEqual([
      { state: 'PENDING', code: null, settled_at: null },
    ]);
    expect(await projectsOf(vera)).toEqual(['proj_winter']);
  });

  it.each([
    ['what is refused is put back', true],
    ['what is done is gone', false],
  ])('a user may be deactivated: %s', async (_what, isRefused) => {
    lose();
    await unassign('proj_TrlkLiH4');
    await gateway.rows('update users set active = false where id = $1', vera);
    const refusal = { status: 400, body: { code: 400, key: 'locked', message: 'No' } };
    gateway.fakes.VOUCHERIFY.respondWith((_request, act) => (isRefused ? refusal : act()));
    await settled();
    expect(await projectsOf(vera)).toEqual(isRefused ? ['proj_TrlkLiH4', 'proj_winter'] : ['proj_winter']);
    expect(await gateway.has('VOUCHERIFY', vera, 'proj_TrlkLiH4')).toBe(isRefused);
  });
});

// The embedded database does one thing at a time: nothing races there.
describe.runIf(postgresUrl)('removals of all projects of a user, upstream and at once, on two gateways', () => {
  const projects = ['proj_race-1', 'proj_race-2', 'proj_race-3', 'proj_race-4'];
  const users = Array.from({ length: 25 }, (_, round) => `user_race-${round}`);
  let gateway: UpstreamGateway;
  let other: ServedGateway;
  beforeAll(async () => {
    gateway = await openUpstreamGateway('postgresql');
    other = await gateway.serve();
    await gateway.rows(
      `insert into projects (id, organization_id, name) select id, 'org_demo', id from unnest($1::text[]) id`,
      projects,
    );
    await gateway.rows(
      `insert into users (id, organization_id, login, subject) select id, 'org_demo', id || '@', id from unnest($1::text[]) id`,
      users,
    );
  });
  beforeEach(async () => {
    await gateway.rows('delete from upstream_calls');
    await gateway.rows(
      `insert into project_members (organization_id, project_id, user_id, role)
       select 'org_demo', p, u, 'VIEWER' from unnest($1::text[]) p, unnest($2::text[]) u on conflict do nothing`,
      projects,
      users,
    );
    gateway.fakes.VOUCHERIFY.assignments.clear();
    for (const key of users.flatMap((user) => projects.map((project) => `${project} ${user}`))) {
      gateway.fakes.VOUCHERIFY.assignments.add(key);
    }
  });
  afterAll(async () => {
    await other.close();
    await gateway.close();
  });

  const removeAll = (user: string) =>
    Promise.all(
      projects.map((projectId, index) =>
        remove(
          ...([index % 2 === 0 ? gateway : other, 'unassignUserFromProject'] as const),
          ...([{ projectId, user: { id: user } }, credentials.management] as const),
        ),
      ),
    );
  // A few users at a time: who waits for a connection or a lock for long is told so, and that is another test's business.
  const removeAllOfAll = async () => {
    const answers = [];
    for (let first = 0; first < users.length; first += 5) {
      answers.push(...(await Promise.all(users.slice(first, first + 5).map(removeAll))).flat());
    }
    return answers;
  };
  const held = async () =>
    (
      await gateway.rows(
        `select project_id || ' ' || user_id as key from project_members where user_id like 'user_race-%'`,
      )
    ).map((row) => String(row['key']));
  /** How many projects the user has who has the fewest: asked again and again until it is told to stop. */
  const watch = () => {
    const [stop, fewest] = [new AbortController(), new Set<unknown>()];
    const run = async () => {
      while (!stop.signal.aborted) {
        const [row] = await gateway.rows(
          `select min(n)::integer as fewest from (
             select count(m.user_id) as n from unnest($1::text[]) u left join project_members m on m.user_id = u group by u) c`,
          users,
        );
        fewest.add(row?.['fewest']);
      }
    };
    const running = run();
    return async () => {
      stop.abort();
      await running;
      return [...fewest].map(Number);
    };
  };

  it('never leave a user none, and leave what the system leaves: all where it refuses', async () => {
    gateway.fakes.VOUCHERIFY.respondWith(() => ({ status: 409, body: {} }));
    const stop = watch();
    const answers = await removeAllOfAll();
    expect(Math.min(...(await stop()))).toBeGreaterThanOrEqual(1);
    expect(new Set(answers.map(({ __typename }) => __typename))).toEqual(
      new Set(['ConflictError', 'LastProjectError']),
    );
    expect((await held()).length).toBe(users.length * projects.length);
  });

  it('never leave a user none, and leave what the system leaves: some where it refuses some', async () => {
    let turn = 0;
    gateway.fakes.VOUCHERIFY.respondWith((_request, act) => {
      turn += 1;
      return turn % 3 === 0 ? { status: 409, body: {} } : act();
    });
    const stop = watch();
    await removeAllOfAll();
    expect(Math.min(...(await stop()))).toBeGreaterThanOrEqual(1);
    expect((await held()).sort()).toEqual([...gateway.fakes.VOUCHERIFY.assignments].sort());
    expect(await gateway.rows('select from upstream_calls')).toEqual([]);
  });
});
