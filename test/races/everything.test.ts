import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importFile } from '../../src/import/import.js';
import { postgresUrl } from '../support/databases.js';
import { bearer, type Headers, type ServedGateway } from '../support/gateway.js';
import { type GrantMutation, grant } from '../support/grants.js';
import { offboard } from '../support/offboardings.js';
import { remove } from '../support/removals.js';
import { eventually, openUpstreamGateway, type UpstreamGateway } from '../support/upstream-gateway.js';
import type { FakeAnswer, Responder } from '../support/upstreams.js';

const seed = Number(process.env['SEED'] ?? 20_261_122);
/** The same numbers in every run, as far as one thing follows another. */
let state = seed;
function random(): number {
  state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
  return state / 2_147_483_648;
}
const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;

const users = Array.from({ length: 8 }, (_, index) => `user_mix-${index}`);
const projects = ['proj_TrlkLiH4', 'proj_winter'];
const globalRoles = ['ADMIN', 'USER_MANAGER', 'API_KEYS'];
const systems = ['VOUCHERIFY', 'ENTRYGUARD', 'COGNIGY'] as const;

/** One in three answers isn't what the document has for a good day; what is lost may have been done or not. */
const moody: Responder = async (_request, act) => {
  await new Promise((resolve) => setTimeout(resolve, random() * 20));
  const answers: readonly (() => FakeAnswer)[] = [
    ...Array.from({ length: 10 }, () => act),
    () => ({ ...act(), status: 500 }),
    () => ({ status: 500, body: 'lost' }),
    () => ({ status: 503, headers: { 'Retry-After': '0' } }),
    () => ({ status: 429, headers: { 'Retry-After': '0' } }),
    () => ({ status: 409, body: {} }),
  ];
  return pick(answers)();
};

// See removals.test.ts: the embedded database would hide what is tested here.
describe.runIf(postgresUrl)('everything at once, on two gateways and three systems', () => {
  const folder = mkdtempSync(join(tmpdir(), 'divest-mixed-'));
  let gateway: UpstreamGateway;
  let other: ServedGateway;
  let callers: readonly Headers[];
  let roles: readonly string[];
  beforeAll(async () => {
    gateway = await openUpstreamGateway('postgresql', { RATE_LIMIT_PER_MINUTE: '0' });
    other = await gateway.serve();
    callers = [await bearer(), await bearer('somebody')];
    roles = (await gateway.rows('select id from roles order by id limit 2')).map(({ id }) => String(id));
    await gateway.rows(
      `insert into users (id, organization_id, login, subject, external_ids)
       select id, 'org_demo', id || '@', id, jsonb_build_object('ENTRYGUARD', md5(id)::uuid::text, 'COGNIGY', substr(md5(id), 1, 24))
       from unnest($1::text[]) id`,
      users,
    );
  });
  afterAll(async () => {
    await other.close();
    await gateway.close();
    rmSync(folder, { recursive: true });
  });

  const bringBack = async () => {
    const path = join(folder, 'import.json');
    writeFileSync(path, JSON.stringify({ users: users.map((id) => ({ id, organization: 'org_demo', active: true })) }));
    await importFile(gateway.database, path);
  };
  const restorable = async () => {
    const found = await gateway.rows(
      `select id from revocations where user_id = any($1) and state <> 'REFUSED' order by random() limit 1`,
      users,
    );
    return found[0]?.['id'] ?? 'rev_none';
  };
  const give = (mutation: GrantMutation, input: object) =>
    grant(pick([gateway, other]), mutation, input, pick(callers));
  const takeAway = (mutation: Parameters<typeof remove>[1], input: object) =>
    remove(pick([gateway, other]), mutation, input, pick(callers));
  const actions: readonly ((user: { id: string }) => Promise<unknown>)[] = [
    (user) => takeAway('unassignUserFromProject', { user, projectId: pick(projects) }),
    (user) => takeAway('unassignUserFromRole', { user, roleId: pick(roles) }),
    (user) => takeAway('removeGlobalRole', { user, role: pick(globalRoles) }),
    (user) => give('assignUserToProject', { user, projectId: pick(projects), role: 'VIEWER' }),
    (user) => give('assignUserToProject', { user, projectId: pick(projects), role: 'VIEWER' }),
    (user) => give('assignUserToRole', { user, roleId: pick(roles) }),
    (user) => give('assignUserToRole', { user, roleId: pick(roles) }),
    (user) => give('addGlobalRole', { user, role: pick(globalRoles) }),
    (user) => give('addGlobalRole', { user, role: pick(globalRoles) }),
    async () => give('restoreAccess', { revocationId: await restorable() }),
  ];
  const act = () => {
    const chance = random();
    if (chance < 0.02) {
      return offboard(pick([gateway, other]), { user: { id: pick(users) } }, pick(callers));
    }
    return chance < 0.06 ? bringBack() : pick(actions)({ id: pick(users) });
  };

  const pairs: readonly (readonly [(typeof systems)[number], readonly string[]])[] = [
    ['VOUCHERIFY', projects],
    ['ENTRYGUARD', []],
    ['COGNIGY', globalRoles],
  ];
  const targetsOf = (system: (typeof systems)[number], targets: readonly string[]) =>
    system === 'ENTRYGUARD' ? roles : targets;
  const inSystems = async () => {
    const held: string[] = [];
    for (const [system, targets] of pairs) {
      for (const target of targetsOf(system, targets)) {
        for (const user of users) {
          held.push(...((await gateway.has(system, user, target)) ? [`${user} ${target}`] : []));
        }
      }
    }
    return held.sort();
  };
  const inDirectory = async () =>
    (
      await gateway.rows(
        `select user_id || ' ' || project_id as pair from project_members where user_id = any($1)
         union select user_id || ' ' || role_id from role_users where user_id = any($1)
         union select u.id || ' ' || held from users u, unnest(u.global_roles) held where u.id = any($1)`,
        users,
      )
    )
      .map(({ pair }) => String(pair))
      .sort();

  it('ends with the directory saying what the systems did, and every record settled', async () => {
    const seen = new Map<string, number>();
    for (let round = 0; round < Number(process.env['ROUNDS'] ?? 1); round++) {
      for (const system of systems) {
        gateway.fakes[system].respondWith(moody);
      }
      const run = async () => {
        for (let step = 0; step < 15; step++) {
          const answer = (await act()) as { __typename?: string; code?: string } | undefined;
          // On a machine that is busy with other things too, a lock or a connection can take too long: that is an answer.
          const name = answer?.code === 'UNAVAILABLE' ? 'UNAVAILABLE' : (answer?.__typename ?? 'import');
          seen.set(name, (seen.get(name) ?? 0) + 1);
        }
      };
      await Promise.all(Array.from({ length: 12 }, run));
      for (const system of systems) {
        gateway.fakes[system].respondWith(null);
      }
      await eventually(async () => {
        await gateway.rows(
          "update upstream_calls set next_attempt_at = now() where next_attempt_at > now() + interval '10 seconds'",
        );
        return (await gateway.rows('select 1 from upstream_calls')).length === 0;
      }, 'all is settled');
      expect(await inDirectory()).toEqual(await inSystems());
      expect(
        await gateway.rows(
          `select id from revocations where state = 'PENDING' union all select id from grants where state = 'PENDING'`,
        ),
      ).toEqual([]);
      expect(await gateway.rows(`select 1 from users where active and global_roles @> '{ADMIN}'`)).not.toEqual([]);
    }
    expect([...seen.keys()]).toEqual(expect.arrayContaining(['OffboardUserSuccess', 'UpstreamError', 'ConflictError']));
    expect(seen.has('InternalError')).toBe(false);
  });
});
