import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databaseKinds } from '../support/databases.js';
import { bearer, type Headers } from '../support/gateway.js';
import { grant } from '../support/grants.js';
import { findOffboarding, type OffboardAnswer, offboard } from '../support/offboardings.js';
import { remove } from '../support/removals.js';
import { eventually, openUpstreamGateway, type UpstreamGateway } from '../support/upstream-gateway.js';

const rob = 'user_770e8400-e29b-41d4-a716-446655440003';
const uma = 'user_5ce7c2d833ea1e04d7e6c432';
const operators = 'role_550e8400-e29b-41d4-a716-446655440000';
const systems = ['VOUCHERIFY', 'ENTRYGUARD', 'COGNIGY'] as const;

describe.each(databaseKinds)('off-boarding that other systems carry out, on %s', (kind) => {
  let gateway: UpstreamGateway;
  let administrator: Headers;
  beforeAll(async () => {
    gateway = await openUpstreamGateway(kind);
    administrator = await bearer();
  });
  /** What EntryGuard calls the role. */
  let operatorsThere = '';
  beforeEach(async () => {
    await gateway.reset();
    operatorsThere = (await gateway.keyOf('ENTRYGUARD', rob, operators)).split(' ')[0] ?? '';
    await gateway.rows(`update users set global_roles = '{BASE_ROLE,ODATA}' where id = $1`, rob);
    for (const role of ['BASE_ROLE', 'ODATA']) {
      gateway.fakes.COGNIGY.assignments.add(await gateway.keyOf('COGNIGY', rob, role));
    }
  });
  afterAll(() => gateway.close());

  const start = (user = rob) => offboard(gateway, { user: { id: user } }, administrator);
  const find = async (id: string) => await findOffboarding(gateway, id, administrator);
  const settled = (id: string) =>
    eventually(async () => (await find(id))?.state !== 'RUNNING', `the off-boarding ${id} is settled`);
  const calls = () => gateway.rows('select * from upstream_calls order by id');
  const steps = (id: string) =>
    gateway.rows(
      `select kind::text, state::text, code, requested_target as target, system::text from revocations
       where offboarding_id = $1 order by id`,
      id,
    );
  const isAssigned = async (table: 'project_members' | 'role_users' | 'user_resources', target: string) =>
    (
      await gateway.rows(
        `select 1 from ${table} t where t.user_id = $1 and to_jsonb(t) ->> $2 = $3`,
        rob,
        { project_members: 'project_id', role_users: 'role_id', user_resources: 'resource_id' }[table],
        target,
      )
    ).length > 0;

  it('counts as gone at once, and is done in every system, once', async () => {
    const answer = await start();
    expect(answer.offboarding).toMatchObject({ progress: { total: 6, refused: 0 } });
    expect(answer.steps.map(({ kind: of, state, system }) => [of, state, system])).toEqual([
      ['PROJECT', 'PENDING', 'VOUCHERIFY'],
      ['ROLE', 'PENDING', 'ENTRYGUARD'],
      ['ROLE', 'PENDING', 'ENTRYGUARD'],
      ['GLOBAL_ROLE', 'PENDING', 'COGNIGY'],
      ['GLOBAL_ROLE', 'PENDING', 'COGNIGY'],
      ['RESOURCE', 'DONE', null],
    ]);
    expect(await gateway.rows('select active, global_roles::text[] as roles from users where id = $1', rob)).toEqual([
      { active: false, roles: [] },
    ]);
    await settled(answer.offboarding.id);
    const ended = await find(answer.offboarding.id);
    expect(ended).toMatchObject({ state: 'DONE', progress: { total: 6, done: 6, refused: 0, pending: 0 } });
    expect(ended?.settledAt).not.toBeNull();
    expect(await calls()).toEqual([]);
    expect(systems.map((system) => gateway.fakes[system].requests.length)).toEqual([1, 2, 2]);
    for (const [system, target] of [
      ...[['VOUCHERIFY', 'proj_TrlkLiH4'] as const, ['ENTRYGUARD', operators] as const],
      ...[['ENTRYGUARD', 'role_reporting'] as const, ['COGNIGY', 'ODATA'] as const],
    ]) {
      expect(await gateway.has(system, rob, target)).toBe(false);
    }
  });

  it('is not called for on a dry run, which tells what would be PENDING', async () => {
    const answer = await offboard(gateway, { user: { id: rob }, dryRun: true }, administrator);
    expect(answer.offboarding).toMatchObject({
      ...{ state: 'RUNNING', settledAt: null, progress: { total: 6, done: 1, refused: 0, pending: 5 } },
    });
    expect([await calls(), await gateway.rows('select id from revocations')]).toEqual([[], []]);
    expect(systems.flatMap((system) => gateway.fakes[system].requests)).toEqual([]);
  });

  it('needs attention where a step is refused, which is put back and stops no other', async () => {
    gateway.fakes.ENTRYGUARD.respondWith((request, act) =>
      request.path.includes('/users/') && gateway.fakes.ENTRYGUARD.requests.length === 1
        ? { status: 409, body: {} }
        : act(),
    );
    const { offboarding } = await start();
    await settled(offboarding.id);
    expect(await find(offboarding.id)).toMatchObject({
      ...{ state: 'NEEDS_ATTENTION', progress: { total: 6, done: 5, refused: 1, pending: 0 } },
    });
    const [refused] = (await steps(offboarding.id)).filter(({ state }) => state === 'REFUSED');
    expect(refused).toMatchObject({ kind: 'ROLE', code: 'CONFLICT', system: 'ENTRYGUARD' });
    expect(await isAssigned('role_users', String(refused?.['target']))).toBe(true);
    expect(await gateway.has('ENTRYGUARD', rob, String(refused?.['target']))).toBe(true);

    // What is left can be tried again.
    gateway.fakes.ENTRYGUARD.respondWith(null);
    const again = await start();
    await settled(again.offboarding.id);
    expect(await find(again.offboarding.id)).toMatchObject({ state: 'DONE', progress: { total: 1, done: 1 } });
    expect(await gateway.rows('select 1 from role_users where user_id = $1', rob)).toEqual([]);
  });

  it('refuses what the system can’t know by its name, keeps it, and asks nobody', async () => {
    await gateway.rows(`update users set external_ids = '{}' where id = $1`, rob);
    const { offboarding, steps: begun } = await start();
    await settled(offboarding.id);
    expect(begun.filter(({ state }) => state === 'REFUSED')).toMatchObject([
      { kind: 'ROLE', code: 'UPSTREAM_REJECTED', system: 'ENTRYGUARD' },
      { kind: 'ROLE', code: 'UPSTREAM_REJECTED', system: 'ENTRYGUARD' },
      { kind: 'GLOBAL_ROLE', code: 'UPSTREAM_REJECTED', system: 'COGNIGY' },
      { kind: 'GLOBAL_ROLE', code: 'UPSTREAM_REJECTED', system: 'COGNIGY' },
    ]);
    expect(await find(offboarding.id)).toMatchObject({ state: 'NEEDS_ATTENTION', progress: { done: 2, refused: 4 } });
    expect(await isAssigned('role_users', operators)).toBe(true);
    expect(await gateway.rows('select active, global_roles::text[] as roles from users where id = $1', rob)).toEqual([
      { active: false, roles: ['BASE_ROLE', 'ODATA'] },
    ]);
    expect([gateway.fakes.ENTRYGUARD.requests, gateway.fakes.COGNIGY.requests]).toEqual([[], []]);
  });

  it('calls once for two roles that the system knows by one name, and keeps the other', async () => {
    await gateway.rows(
      `update roles set external_ids = (select external_ids from roles where id = $1) where id = 'role_reporting'`,
      operators,
    );
    const { offboarding } = await start();
    await settled(offboarding.id);
    const roles = (await steps(offboarding.id)).filter(({ kind: of }) => of === 'ROLE');
    expect(roles.map(({ state, code }) => [state, code])).toEqual([
      ['DONE', null],
      ['REFUSED', 'CONFLICT'],
    ]);
    expect(gateway.fakes.ENTRYGUARD.requests).toHaveLength(1);
    expect(await gateway.rows('select 1 from role_users where user_id = $1', rob)).toHaveLength(1);
  });

  /** A removal or grant that is under way at a gateway that isn't heard of, with a lease of this many seconds. */
  /** A call whose first attempt, of a removal, certainly came to nothing: so the next answer settles it. */
  const putUnderWay = async (action: 'REMOVE' | 'GRANT', seconds: number) => {
    const [table, id] = action === 'GRANT' ? ['grants', 'grant_1'] : ['revocations', 'rev_1'];
    const key = (await gateway.keyOf('ENTRYGUARD', rob, operators)).split(' ');
    await gateway.rows(
      `insert into ${table} (id, organization_id, kind, state, user_id, role_id, requested_user, requested_target, actor,
         credential, requested_at, trace_id, system)
       values ($1, 'org_demo', 'ROLE', 'PENDING', $2, $3, $2, $3, 'user_ada', 'BEARER', now(), $4, 'ENTRYGUARD')`,
      ...[id, rob, operators, 'a'.repeat(32)],
    );
    await gateway.rows(
      `insert into upstream_calls (id, organization_id, system, action, user_name, target_name, held, attempts, undone,
         next_attempt_at, requested_at, trace_id)
       values ($1, 'org_demo', 'ENTRYGUARD', $2::upstream_action, $3, $4, false, 1, ($2 = 'REMOVE')::integer,
         clock_timestamp() + make_interval(secs => $5), now(), $6)`,
      ...[id, action, key[1], key[0], seconds, 'a'.repeat(32)],
    );
  };

  it.each([
    ['which arrives late', true],
    ['which never arrives', false],
  ])('ends a grant that is under way, %s, and takes it away, but not before it has ended', async (_when, arrives) => {
    await gateway.rows('delete from role_users where user_id = $1 and role_id = $2', rob, operators);
    gateway.fakes.ENTRYGUARD.assignments.delete(await gateway.keyOf('ENTRYGUARD', rob, operators));
    await putUnderWay('GRANT', 2);
    const [{ next_attempt_at: leaseEnd } = { next_attempt_at: new Date() }] = await calls();
    const { offboarding } = await start();
    expect(await gateway.rows('select state::text, code from grants')).toEqual([
      { state: 'REFUSED', code: 'CONFLICT' },
    ]);
    const [removal] = (await calls()).filter(({ target_name: name }) => name === operatorsThere);
    expect(removal).toMatchObject({ action: 'REMOVE', held: false });
    expect((removal?.['next_attempt_at'] as Date) >= (leaseEnd as Date)).toBe(true);
    if (arrives) {
      gateway.fakes.ENTRYGUARD.assignments.add(await gateway.keyOf('ENTRYGUARD', rob, operators));
    }
    await settled(offboarding.id);
    expect(await find(offboarding.id)).toMatchObject({ state: 'DONE', progress: { total: 6, done: 6 } });
    expect(await gateway.has('ENTRYGUARD', rob, operators)).toBe(false);
    expect(await gateway.rows('select 1 from role_users where user_id = $1', rob)).toEqual([]);
  });

  it('tells whoever waits for a grant that it has ended it, though the system has done it', async () => {
    await gateway.rows('delete from role_users where user_id = $1 and role_id = $2', rob, operators);
    gateway.fakes.ENTRYGUARD.assignments.delete(await gateway.keyOf('ENTRYGUARD', rob, operators));
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    gateway.fakes.ENTRYGUARD.respondWith(async ({ method }, act) => {
      const answer = act();
      await (method === 'POST' ? held : null);
      return answer;
    });
    const asking = grant(gateway, 'assignUserToRole', { roleId: operators, user: { id: rob } }, administrator);
    await eventually(async () => gateway.fakes.ENTRYGUARD.requests.length === 1, 'the system is asked');
    await start();
    release();
    expect(await asking).toMatchObject({ __typename: 'ConflictError', message: expect.stringMatching(/off-boarded/) });
    expect(await gateway.rows('select 1 from role_users where user_id = $1 and role_id = $2', rob, operators)).toEqual(
      [],
    );
  });

  it('ends a grant from before the directory knew the user, by its name there, and takes it away', async () => {
    await gateway.rows('delete from role_users where user_id = $1 and role_id = $2', rob, operators);
    await putUnderWay('GRANT', 1);
    await gateway.database.transaction(async ({ query }) => {
      await query('set local session_replication_role = replica');
      await query('update grants set user_id = null');
    });
    const { offboarding } = await start();
    expect(await gateway.rows('select state::text, code from grants')).toEqual([
      { state: 'REFUSED', code: 'CONFLICT' },
    ]);
    await settled(offboarding.id);
    expect(await find(offboarding.id)).toMatchObject({ state: 'DONE', progress: { total: 6, done: 6 } });
    expect(await gateway.has('ENTRYGUARD', rob, operators)).toBe(false);
  });

  it('takes one step for a grant of what the directory has too, and is done where nothing was granted', async () => {
    await putUnderWay('GRANT', 0);
    const { offboarding, steps: begun } = await start();
    expect(begun.filter(({ kind: of }) => of === 'ROLE')).toHaveLength(2);
    await settled(offboarding.id);
    expect(await find(offboarding.id)).toMatchObject({ state: 'DONE', progress: { total: 6, done: 6 } });
  });

  it('has a removal that is under way as a step, and the directory says what comes of it', async () => {
    await putUnderWay('REMOVE', 1);
    gateway.fakes.ENTRYGUARD.respondWith((request, act) =>
      request.path.includes(operatorsThere) ? { status: 400, body: {} } : act(),
    );
    const trial = await offboard(gateway, { user: { id: rob }, dryRun: true }, administrator);
    expect(trial.offboarding).toMatchObject({ state: 'RUNNING', progress: { total: 6 } });
    const answer: OffboardAnswer = await start();
    expect(answer.offboarding.progress).toEqual(trial.offboarding.progress);
    expect(answer.steps.map(({ target }) => target)).not.toContain(operators);
    expect(await isAssigned('role_users', operators)).toBe(false);
    await settled(answer.offboarding.id);
    expect(await find(answer.offboarding.id)).toMatchObject({
      ...{ state: 'NEEDS_ATTENTION', progress: { total: 6, done: 5, refused: 1 } },
    });
    expect(await gateway.rows(`select state::text, code, offboarding_id from revocations where id = 'rev_1'`)).toEqual([
      { state: 'REFUSED', code: 'UPSTREAM_REJECTED', offboarding_id: answer.offboarding.id },
    ]);
    expect(await isAssigned('role_users', operators)).toBe(true);
  });

  it('leaves an administrator who is the last but for one from whom ADMIN is being removed', async () => {
    await gateway.rows(
      `update users set active = true, global_roles = '{ADMIN}' where id in ('user_ada', 'user_ines')`,
    );
    gateway.fakes.COGNIGY.respondWith(() => ({ status: 500, body: 'broken' }));
    const input = { user: { id: 'user_ines' }, role: 'ADMIN' };
    expect(await remove(gateway, 'removeGlobalRole', input, administrator)).toMatchObject({ outcomeUnknown: true });
    // An import brings it back meanwhile.
    await gateway.rows(`update users set global_roles = '{ADMIN}' where id = 'user_ines'`);
    expect(await start('user_ada')).toMatchObject({ __typename: 'LastAdministratorError' });
  });

  it('has what another off-boarding of the same user has begun go on there, and takes the rest', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    gateway.fakes.VOUCHERIFY.respondWith(async (_request, act) => {
      await held;
      return act();
    });
    const first = await start();
    await gateway.rows(
      `insert into user_resources (organization_id, user_id, resource_id) values ('org_demo', $1, 'res_vpn')`,
      rob,
    );
    const second = await start();
    expect(second).toMatchObject({ steps: [{ kind: 'RESOURCE' }], offboarding: { state: 'DONE' } });
    expect(await find(first.offboarding.id)).toMatchObject({ state: 'RUNNING' });
    release();
    await settled(first.offboarding.id);
    expect(await find(first.offboarding.id)).toMatchObject({ state: 'DONE' });
  });

  // The embedded database does one thing at a time: there, a fifth is as telling.
  const many = kind === 'embedded' ? { projects: 120, roles: 65 } : { projects: 600, roles: 385 };
  const total = many.projects + many.roles + 15;
  it(`takes ${total} assignments, a few at a time in each system, and answers others meanwhile`, async () => {
    await fill(gateway, uma, many);
    const busiest = watchBusiest(gateway);
    const begunAt = performance.now();
    const { offboarding, steps: begun } = await start(uma);
    const answeredAfter = performance.now() - begunAt;
    expect(begun).toHaveLength(total);
    const waits: number[] = [];
    for (let state = 'RUNNING'; state === 'RUNNING'; ) {
      const askedAt = performance.now();
      const { errors } = await gateway.ask('{ users { totalCount edges { node { login } } } }', {}, administrator);
      waits.push(performance.now() - askedAt);
      expect(errors).toBeUndefined();
      state = (await find(offboarding.id))?.state ?? '';
      // Nothing above waits for a socket where the database is embedded: without this, no other would get its turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await find(offboarding.id)).toMatchObject({ state: 'DONE', progress: { total, done: total } });
    expect(systems.map((system) => gateway.fakes[system].requests.length)).toEqual([many.projects, many.roles, 15]);
    expect([...gateway.fakes.VOUCHERIFY.assignments].filter((key) => key.includes('big'))).toEqual([]);
    expect(Math.max(...Object.values(busiest))).toBeGreaterThan(1);
    expect(Math.max(...Object.values(busiest))).toBeLessThanOrEqual(6);
    expect(answeredAfter).toBeLessThan(5_000);
    expect(Math.max(...waits)).toBeLessThan(2_000);
  });
});

describe.each(databaseKinds)('an off-boarding whose gateway is closed in the middle, on %s', (kind) => {
  let gateway: UpstreamGateway;
  beforeAll(async () => {
    gateway = await openUpstreamGateway(kind);
    // Its worker would go on otherwise.
    await gateway.gateway.close();
  });
  afterAll(() => gateway.close());

  it('is finished by the next one, and each system has done it once in meaning', async () => {
    const administrator = await bearer();
    let isAway = true;
    for (const system of systems) {
      gateway.fakes[system].respondWith((_request, act) => {
        const answer = act();
        return isAway ? { status: 500, body: 'broken' } : answer;
      });
    }
    const first = await gateway.serve();
    const { offboarding } = await offboard(first, { user: { id: rob } }, administrator);
    await eventually(async () => gateway.fakes.ENTRYGUARD.requests.length > 0, 'the first attempts are made');
    await first.close();
    const [before] = await gateway.rows("select count(*)::integer as pending from revocations where state = 'PENDING'");
    expect(before).toEqual({ pending: 3 });

    isAway = false;
    const second = await gateway.serve();
    await eventually(
      async () => (await findOffboarding(second, offboarding.id, administrator))?.state !== 'RUNNING',
      'the second gateway settles it',
    );
    expect(await findOffboarding(second, offboarding.id, administrator)).toMatchObject({
      ...{ state: 'DONE', progress: { total: 4, done: 4 } },
    });
    expect(await gateway.rows('select id from upstream_calls')).toEqual([]);
    expect(await gateway.has('ENTRYGUARD', rob, operators)).toBe(false);
    expect(await gateway.has('VOUCHERIFY', rob, 'proj_TrlkLiH4')).toBe(false);
    await second.close();
  });
});

/** Gives a user so many projects and roles, and all 15 global roles. */
async function fill(
  gateway: UpstreamGateway,
  user: string,
  { projects, roles }: { readonly projects: number; readonly roles: number },
): Promise<void> {
  await gateway.rows('delete from project_members where user_id = $1', user);
  await gateway.rows(
    `insert into projects (id, organization_id, name)
     select 'proj_big-' || n, 'org_demo', 'Big' from generate_series(1, $1::integer) n`,
    projects,
  );
  await gateway.rows(
    `insert into project_members (organization_id, project_id, user_id, role)
     select 'org_demo', 'proj_big-' || n, $1, 'VIEWER' from generate_series(1, $2::integer) n`,
    ...[user, projects],
  );
  await gateway.rows(
    `insert into roles (id, organization_id, name, external_ids)
     select 'role_big-' || n, 'org_demo', 'Big', jsonb_build_object('ENTRYGUARD', md5('role_big-' || n)::uuid::text)
     from generate_series(1, $1::integer) n`,
    roles,
  );
  await gateway.rows(
    `insert into role_users (organization_id, role_id, user_id)
     select 'org_demo', 'role_big-' || n, $1 from generate_series(1, $2::integer) n`,
    ...[user, roles],
  );
  await gateway.rows('update users set global_roles = enum_range(null::global_role) where id = $1', user);
  for (let n = 1; n <= projects; n++) {
    gateway.fakes.VOUCHERIFY.assignments.add(`proj_big-${n} ${user}`);
  }
}

/** The most requests that each system has had under way at once. */
function watchBusiest(gateway: UpstreamGateway): Record<string, number> {
  const busiest: Record<string, number> = {};
  for (const system of systems) {
    let underWay = 0;
    gateway.fakes[system].respondWith(async (_request, act) => {
      underWay += 1;
      busiest[system] = Math.max(busiest[system] ?? 0, underWay);
      await new Promise((resolve) => setTimeout(resolve, 5));
      underWay -= 1;
      return act();
    });
  }
  return busiest;
}
