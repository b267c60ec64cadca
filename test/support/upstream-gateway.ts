import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '../../src/database/database.js';
import { loadDemo } from '../../src/demo/demo.js';
import type { UpstreamSystem } from '../../src/errors.js';
import { globalRoleNames } from '../../src/upstreams/cognigy/grammar.js';
import { type DatabaseKind, openTestDatabase, type TestDatabase } from './databases.js';
import { type ServedGateway, serveDatabase, type TestGateway } from './gateway.js';
import { rememberRows } from './reset.js';
import { type FakeUpstream, startFakeUpstream } from './upstreams.js';

export type Fakes = Readonly<Record<UpstreamSystem, FakeUpstream>>;

/** A database whose demo organization has all three systems, which hold what its directory holds. */
export interface UpstreamWorld {
  readonly database: TestDatabase;
  readonly fakes: Fakes;
  /** UPSTREAMS_FILE. */
  readonly upstreamsFile: string;
  /** The assignment of a user as a fake keeps it: under the names that the system knows. */
  keyOf(system: UpstreamSystem, user: string, target: string): Promise<string>;
  /** Whether the system has the assignment. */
  has(system: UpstreamSystem, user: string, target: string): Promise<boolean>;
  /** A gateway on the database and the systems. */
  serve(options?: Parameters<typeof serveDatabase>[2]): Promise<ServedGateway>;
  /** Brings the database and the systems back to what they were. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** Such a database, and a gateway on it. `serve` makes a further one. */
export interface UpstreamGateway extends TestGateway, UpstreamWorld {
  readonly database: TestDatabase;
}

/** Gives every entry of the directory an id in each system, as the system's grammar has it. */
const namesOfAll = `
  update users set external_ids = jsonb_build_object(
    'ENTRYGUARD', md5(id)::uuid::text, 'COGNIGY', substr(md5(id), 1, 24)) where organization_id = 'org_demo';
  update roles set external_ids = jsonb_build_object('ENTRYGUARD', md5(id)::uuid::text)
    where organization_id = 'org_demo'`;

const assignments: Readonly<Record<UpstreamSystem, string>> = {
  VOUCHERIFY: `select project_id || ' ' || user_id as key, role as project_role from project_members
    where organization_id = 'org_demo'`,
  ENTRYGUARD: `select md5(role_id)::uuid || ' ' || md5(user_id)::uuid as key, null as project_role from role_users
    where organization_id = 'org_demo'`,
  COGNIGY: `select unnest(global_roles)::text || ' ' || substr(md5(id), 1, 24) as key, null as project_role from users
    where organization_id = 'org_demo'`,
};

const systems = ['VOUCHERIFY', 'ENTRYGUARD', 'COGNIGY'] as const;

export async function openUpstreamGateway(
  kind: DatabaseKind,
  env: Readonly<Record<string, string>> = {},
): Promise<UpstreamGateway> {
  const world = await openUpstreamWorld(kind, env);
  const served = await world.serve();
  return {
    ...{ ...served, ...world },
    close: async () => {
      // The systems first: nothing waits for an answer then.
      await Promise.all(systems.map((system) => world.fakes[system].close()));
      await served.close();
      await world.close();
    },
  };
}

export async function openUpstreamWorld(
  kind: DatabaseKind,
  env: Readonly<Record<string, string>> = {},
): Promise<UpstreamWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'divest-upstreams-'));
  const upstreamsFile = join(folder, 'upstreams.json');
  const fakes = await startFakes();
  const sections = Object.fromEntries(systems.map((system) => [system.toLowerCase(), fakes[system].section]));
  writeFileSync(upstreamsFile, JSON.stringify({ org_demo: sections }));
  const database = await openTestDatabase(kind);
  await loadNamedDemo(database);
  const forget = await rememberRows(database);
  const reset = async () => {
    await forget();
    await Promise.all(systems.map((system) => fill(database, fakes[system])));
  };
  await reset();
  const keyOf = (system: UpstreamSystem, user: string, target: string) => findKey(database, system, user, target);
  const settings = { UPSTREAMS_FILE: upstreamsFile, METRICS: 'on', ...env };
  return {
    ...{ database, fakes, upstreamsFile, reset, keyOf },
    serve: (options) => serveDatabase(database, settings, options),
    has: async (system, user, target) => fakes[system].assignments.has(await keyOf(system, user, target)),
    close: async () => {
      await Promise.all(systems.map((system) => fakes[system].close()));
      await database.close();
      rmSync(folder, { recursive: true });
    },
  };
}

async function startFakes(): Promise<Fakes> {
  const [voucherify, entryguard, cognigy] = await Promise.all(systems.map((system) => startFakeUpstream(system)));
  if (!voucherify || !entryguard || !cognigy) {
    throw new Error('not all were started');
  }
  return { VOUCHERIFY: voucherify, ENTRYGUARD: entryguard, COGNIGY: cognigy };
}

/** Loads the demo organization, whose entries have names in the three systems. */
export async function loadNamedDemo(database: Database): Promise<void> {
  await loadDemo(database);
  for (const statement of namesOfAll.split(';')) {
    await database.query(statement);
  }
}

/** Makes a fake hold what the directory of the demo organization says, and answer as documented. */
async function fill(database: Database, fake: FakeUpstream): Promise<void> {
  fake.respondWith(null);
  fake.requests.length = 0;
  for (const kept of [fake.assignments, fake.projectRoles, fake.missing]) {
    kept.clear();
  }
  const rows = await database.query<{ key: string; project_role: string | null }>(assignments[fake.system]);
  for (const { key, project_role } of rows) {
    fake.assignments.add(fake.system === 'COGNIGY' ? spellRole(key) : key);
    if (project_role !== null) {
      fake.projectRoles.set(key, project_role);
    }
  }
}

const spellRole = (key: string) =>
  key.replace(/^\S+/, (role) => globalRoleNames[role as keyof typeof globalRoleNames] ?? role);

async function findKey(database: Database, system: UpstreamSystem, user: string, target: string): Promise<string> {
  const [row] = await database.query<{ uuid: string; role: string; hex: string }>(
    `select md5($1)::uuid::text as uuid, md5($2)::uuid::text as role, substr(md5($1), 1, 24) as hex`,
    [user, target],
  );
  const keys = {
    VOUCHERIFY: `${target} ${user}`,
    ENTRYGUARD: `${row?.role} ${row?.uuid}`,
    COGNIGY: spellRole(`${target} ${row?.hex}`),
  };
  return keys[system];
}

/** Waits until something holds, for at most twenty seconds; fails with what `describe` says. */
export async function eventually(holds: () => Promise<boolean>, description: string): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > end) {
      throw new Error(`It did not come about that ${description}.`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
