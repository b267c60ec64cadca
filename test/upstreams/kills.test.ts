import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CompiledCli, compileCli } from '../commands/compiled.js';
import { fillDataDir, postgresUrl } from '../support/databases.js';
import { bearer, credentials, type Headers } from '../support/gateway.js';
import { type Removal, remove } from '../support/removals.js';
import { eventually, openUpstreamWorld, type UpstreamWorld } from '../support/upstream-gateway.js';
import { type FakeAnswer, startFakeUpstream } from '../support/upstreams.js';
import { startHoldingProxy } from './holding-proxy.js';
import { type RunningGateway, startGateway } from './running-gateway.js';

const vera = 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl';
const rob = 'user_770e8400-e29b-41d4-a716-446655440003';
const uma = 'user_5ce7c2d833ea1e04d7e6c432';
const operators = 'role_550e8400-e29b-41d4-a716-446655440000';

const project = {
  ...({ system: 'VOUCHERIFY', mutation: 'unassignUserFromProject', user: vera, target: 'proj_TrlkLiH4' } as const),
  input: { projectId: 'proj_TrlkLiH4', user: { id: vera } },
  held: `select role from project_members where user_id = '${vera}' and project_id = 'proj_TrlkLiH4'`,
};
const role = {
  ...({ system: 'ENTRYGUARD', mutation: 'unassignUserFromRole', user: rob, target: operators } as const),
  input: { roleId: operators, user: { id: rob } },
  held: `select role_id from role_users where user_id = '${rob}' and role_id = '${operators}'`,
};
const globalRole = {
  ...({ system: 'COGNIGY', mutation: 'removeGlobalRole', user: uma, target: 'USER_MANAGER' } as const),
  input: { role: 'USER_MANAGER', user: { id: uma } },
  held: `select id from users where id = '${uma}' and 'USER_MANAGER' = any (global_roles)`,
};
type Asked = typeof project | typeof role | typeof globalRole;

let cli: CompiledCli;
let administrator: Headers;
beforeAll(async () => {
  [cli, administrator] = await Promise.all([compileCli(), bearer()]);
});
afterAll(() => cli.remove());

/** Asks, and doesn't mind that the gateway is killed before it answers. */
function askInVain(gateway: RunningGateway, mutation: Removal, input: object): Promise<void> {
  return remove(gateway, mutation, input, administrator).then(
    () => Promise.reject(new Error('It answered before it was killed.')),
    () => {},
  );
}

describe.runIf(postgresUrl)('a gateway that is killed during a removal', () => {
  let world: UpstreamWorld;
  let databaseUrl: string;
  let another: RunningGateway;
  beforeAll(async () => {
    world = await openUpstreamWorld('postgresql');
    databaseUrl = world.database.url ?? '';
    another = await start();
  });
  beforeEach(() => world.reset());
  afterAll(async () => {
    await another.stop();
    await world.close();
  });

  const start = (url = databaseUrl) => startGateway(cli, { DATABASE_URL: url, UPSTREAMS_FILE: world.upstreamsFile });
  const query = (sql: string) => world.database.query<Record<string, unknown>>(sql);
  const calls = () => query('select attempts from upstream_calls');
  const records = () => query('select state, code, settled_at is not null as settled from revocations');
  const seen = (asked: Asked) => world.fakes[asked.system].requests.length;
  /** Ten seconds later, for the lease of the gateway that is gone. */
  const endLease = () => query(`update upstream_calls set next_attempt_at = now()`);
  const settled = () => eventually(async () => (await calls()).length === 0, 'the other gateway settles it');

  /** Directory and system have it neither, and it is on record once. */
  async function expectDone(asked: Asked): Promise<void> {
    expect(await records()).toEqual([{ state: 'DONE', code: null, settled: true }]);
    expect([await query(asked.held), await world.has(asked.system, asked.user, asked.target)]).toEqual([[], false]);
  }

  /** Holds every request, and tells when there is one. */
  function holdRequests(asked: Asked, before: (act: () => FakeAnswer) => unknown = () => {}): Promise<void> {
    return new Promise((resolve) => {
      world.fakes[asked.system].respondWith(async (_request, act) => {
        await before(act);
        resolve();
        return null;
      });
    });
  }

  describe('before the call', () => {
    /** Kills a gateway that has begun, and doesn't know it yet: the database's answer has not come. */
    async function killBeforeCall(): Promise<void> {
      const proxy = await startHoldingProxy(databaseUrl, 'unassign_user_from_project(');
      const gateway = await start(proxy.url);
      const asking = askInVain(gateway, project.mutation, project.input);
      await eventually(async () => (await calls()).length === 1, 'the removal has begun');
      await gateway.kill();
      await asking;
      proxy.close();
      expect([seen(project), await query(project.held), await records()]).toEqual([
        ...[0, [], [{ state: 'PENDING', code: null, settled: false }]],
      ]);
    }

    it('leaves the call to another, whose is the first that the system sees', async () => {
      await killBeforeCall();
      await endLease();
      await settled();
      await expectDone(project);
      expect(seen(project)).toBe(1);
      expect(await query(`select ended_at is null as active from sessions where user_id = '${vera}'`)).toEqual([
        { active: false },
      ]);
    });

    it('leaves a refusal to another too, which puts back what there was', async () => {
      await killBeforeCall();
      const body = { code: 400, key: 'only_project', message: 'It is the only project', request_id: 'v-1' };
      world.fakes.VOUCHERIFY.respondWith(() => ({ status: 400, body }));
      await endLease();
      await settled();
      expect(await records()).toEqual([{ state: 'REFUSED', code: 'UPSTREAM_REJECTED', settled: true }]);
      expect(await query(project.held)).toEqual([{ role: 'EDITOR' }]);
      expect(await world.has('VOUCHERIFY', vera, project.target)).toBe(true);
    });
  });

  it('during the call, before the system acted: another asks again', async () => {
    const held = holdRequests(globalRole);
    const gateway = await start();
    const asking = askInVain(gateway, globalRole.mutation, globalRole.input);
    await held;
    await gateway.kill();
    await asking;
    expect(await world.has('COGNIGY', uma, 'USER_MANAGER')).toBe(true);
    world.fakes.COGNIGY.respondWith(null);
    await endLease();
    await settled();
    await expectDone(globalRole);
    expect(seen(globalRole)).toBe(2);
  });

  it('after the system acted: "not assigned" to the other is taken for done', async () => {
    const held = holdRequests(role, (act) => act());
    const gateway = await start();
    const asking = askInVain(gateway, role.mutation, role.input);
    await held;
    await gateway.kill();
    await asking;
    const answered: FakeAnswer[] = [];
    world.fakes.ENTRYGUARD.respondWith((_request, act) => {
      answered.push(act());
      return answered.at(-1) ?? null;
    });
    await endLease();
    await settled();
    await expectDone(role);
    expect(answered).toMatchObject([{ status: 404, body: { message: 'User not assigned to this role' } }]);
  });

  it.each([globalRole, project])('before it settles what $system answered: another asks again', async (asked) => {
    const gateway = await start();
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let locking: Promise<void> = Promise.resolve();
    /** Has the user's row, for which the settling has to wait. */
    const lock = () =>
      new Promise<void>((locked) => {
        locking = world.database.transaction(async (transaction) => {
          await transaction.query(`select from users where id = '${asked.user}' for no key update`);
          locked();
          await released;
        });
      });
    world.fakes[asked.system].respondWith(async (_request, act) => {
      await lock();
      return act();
    });
    const asking = askInVain(gateway, asked.mutation, asked.input);
    const waiting = `select pid from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and query like 'select settle\\_upstream\\_call%'`;
    await eventually(async () => (await query(waiting)).length === 1, 'the settling waits');
    await gateway.kill();
    await asking;
    // The server would go on with the statement of a client that is gone: this is as if it had never come.
    await query(`select pg_terminate_backend(pid) from (${waiting}) w`);
    release();
    await locking;
    expect([await records(), (await calls()).length]).toEqual([[{ state: 'PENDING', code: null, settled: false }], 1]);
    world.fakes[asked.system].respondWith(null);
    await endLease();
    await settled();
    await expectDone(asked);
    expect(seen(asked)).toBe(2);
  });

  it('and one that only stalls until another has taken its place can change nothing any more', async () => {
    const gateway = await start();
    const answers: ((answer: FakeAnswer) => void)[] = [];
    world.fakes.VOUCHERIFY.respondWith((_request, act) =>
      answers.length === 0 ? new Promise((resolve) => answers.push(resolve)) : act(),
    );
    const asking = remove(gateway, project.mutation, project.input, administrator);
    await eventually(async () => answers.length === 1, 'the system is asked');
    gateway.running.kill('SIGSTOP');
    await endLease();
    await settled();
    await expectDone(project);
    answers[0]?.({ status: 409, body: { code: 409, key: 'conflict', message: 'No' } });
    gateway.running.kill('SIGCONT');
    // Refused, says its own attempt. The record says that it is done, and so it is.
    expect(await asking).toMatchObject({ applied: true, revocation: { state: 'DONE' } });
    await expectDone(project);
    await gateway.stop();
  });
});

describe('a gateway on an embedded database that is killed after the system acted', () => {
  it('settles it when it has been started again, once its lease is over', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'divest-killed-'));
    const fake = await startFakeUpstream('VOUCHERIFY');
    fake.assignments.add(`${project.target} ${vera}`);
    const upstreamsFile = join(folder, 'upstreams.json');
    writeFileSync(upstreamsFile, JSON.stringify({ org_demo: { voucherify: fake.section } }));
    const env = { DIVEST_DATA_DIR: join(folder, 'data'), UPSTREAMS_FILE: upstreamsFile };
    await fillDataDir(env.DIVEST_DATA_DIR);
    const state = async (gateway: RunningGateway) => {
      const document = `{ revocations(first: 2) { edges { node { state code project { id } } } } }`;
      return (await gateway.ask(document, {}, credentials.management)).data;
    };

    const gateway = await startGateway(cli, env);
    const acted = new Promise<void>((resolve) => {
      fake.respondWith((_request, act) => {
        act();
        resolve();
        return null;
      });
    });
    const asking = askInVain(gateway, project.mutation, project.input);
    await acted;
    const has = (state: string) => ({
      revocations: { edges: [{ node: { state, code: null, project: { id: project.target } } }] },
    });
    expect(await state(gateway)).toEqual(has('PENDING'));
    await gateway.kill();
    await asking;
    fake.respondWith(null);

    const again = await startGateway(cli, env);
    await eventually(async () => fake.requests.length === 2, 'it asks again');
    await eventually(async () => JSON.stringify(await state(again)).includes('DONE'), 'it is settled');
    expect(await state(again)).toEqual(has('DONE'));
    const projects = `{ user(by: { id: "${vera}" }) { projects(first: 5) { edges { node { id } } } } }`;
    const { data } = await again.ask(projects, {}, credentials.management);
    expect(data).toEqual({ user: { projects: { edges: [{ node: { id: 'proj_winter' } }] } } });
    expect(await again.metrics()).not.toMatch(/^divest_upstream_pending\{/m);
    await again.stop();
    await fake.close();
    rmSync(folder, { recursive: true });
  });
});
