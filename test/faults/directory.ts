import type { Database, Queries } from '../../src/database/database.js';
import { loadDemo } from '../../src/demo/demo.js';
import type { Attempt } from './load.js';
import { isDone } from './load.js';

/** A removal that the directory has something for. */
export interface PlannedRemoval {
  readonly kind: 'ROLE' | 'PROJECT' | 'GLOBAL_ROLE';
  readonly user: string;
  readonly target: string;
  readonly field: string;
  readonly document: string;
  readonly input: object;
}

const roles = 5;
const projects = 3;

/**
 * Adds users to the demo organization, each with five roles, three projects, two global roles and a session, and
 * remembers what they hold in the table `held_before`.
 */
export async function fillDirectory(database: Database, users: number): Promise<void> {
  await loadDemo(database);
  for (const statement of fill(users)) {
    await database.query(statement);
  }
}

const held = `
  select 'ROLE' as kind, user_id, role_id as target from role_users
  union all select 'PROJECT', user_id, project_id from project_members
  union all select 'GLOBAL_ROLE', id, unnest(global_roles)::text from users`;

const fill = (users: number) => [
  `insert into users (id, organization_id, login, name, subject, global_roles)
   select 'user_load' || i, 'org_demo', 'load' || i || '@demo.test', 'Load ' || i, 'user_load' || i,
     '{USER_MANAGER,BASE_ROLE}' from generate_series(0, ${users} - 1) i`,
  `insert into roles (id, organization_id, name)
   select 'role_load' || i, 'org_demo', 'Load ' || i from generate_series(0, ${roles} - 1) i`,
  `insert into projects (id, organization_id, name)
   select 'proj_load' || i, 'org_demo', 'Load ' || i from generate_series(0, ${projects} - 1) i`,
  `insert into role_users (organization_id, role_id, user_id)
   select 'org_demo', 'role_load' || k, 'user_load' || i
   from generate_series(0, ${users} - 1) i, generate_series(0, ${roles} - 1) k`,
  `insert into project_members (organization_id, project_id, user_id, role)
   select 'org_demo', 'proj_load' || k, 'user_load' || i, 'VIEWER'
   from generate_series(0, ${users} - 1) i, generate_series(0, ${projects} - 1) k`,
  `insert into sessions (id, organization_id, user_id, started_at, expires_at)
   select 'sess_load' || i, 'org_demo', 'user_load' || i, now(), now() + interval '1 day'
   from generate_series(0, ${users} - 1) i`,
  `create table held_before as ${held}`,
  'analyze',
];

const toDocument = (field: string, input: string) => `mutation ($input: ${input}!) {
  ${field}(input: $input) {
    __typename
    ... on RevocationSuccess { applied revocation { id state } }
    ... on AccessError { code retryable }
  }
}`;

const documents = {
  ROLE: { field: 'unassignUserFromRole', input: 'UnassignUserFromRoleInput', targetField: 'roleId' },
  PROJECT: { field: 'unassignUserFromProject', input: 'UnassignUserFromProjectInput', targetField: 'projectId' },
  GLOBAL_ROLE: { field: 'removeGlobalRole', input: 'RemoveGlobalRoleInput', targetField: 'role' },
} as const;

// Of three projects two: nobody loses the last one.
const targets: readonly (readonly [PlannedRemoval['kind'], string])[] = [
  ...['role_load0', 'role_load1', 'role_load2', 'role_load3', 'role_load4'].map((id) => ['ROLE', id] as const),
  ...['proj_load0', 'proj_load1'].map((id) => ['PROJECT', id] as const),
  ['GLOBAL_ROLE', 'USER_MANAGER'],
];

/** Everything that can be taken from the users that were added, each thing once, from the users in turn. */
export function* planRemovals(users: number, kinds?: readonly PlannedRemoval['kind'][]): Generator<PlannedRemoval> {
  const wanted = targets.filter(([kind]) => !kinds || kinds.includes(kind));
  for (let turn = 0; turn < wanted.length; turn++) {
    for (let index = 0; index < users; index++) {
      const [kind, target] = wanted[(turn + index) % wanted.length] ?? (['ROLE', ''] as const);
      const { field, input, targetField } = documents[kind];
      const user = `user_load${index}`;
      yield {
        ...{ kind, user, target, field, document: toDocument(field, input) },
        input: { [targetField]: target, user: { id: user } },
      };
    }
  }
}

/** What is wrong with a directory; nothing is, where all lists are empty. */
export interface Findings {
  /** What is gone and has no record, and what has a record that it is gone and is there. */
  readonly halfDone: readonly unknown[];
  /** Sessions that a removal from a project has left, or that ended without one. */
  readonly sessions: readonly unknown[];
  readonly unsettled: readonly unknown[];
  /** Removals that were acknowledged, and have no such record. */
  readonly lost: readonly unknown[];
}

export const nothingWrong: Findings = { halfDone: [], sessions: [], unsettled: [], lost: [] };

const gone = `select kind, user_id, target from held_before except all select kind, user_id, target from (${held}) h`;
const done = `select kind::text, user_id, coalesce(project_id, role_id, global_role::text) as target
  from revocations where state = 'DONE'`;

/** Compares what users hold with what they held before, with the records, and with what was acknowledged. */
export async function inspect(queries: Queries, attempts: readonly Attempt[]): Promise<Findings> {
  const acknowledged = attempts.filter(isDone).map(({ removal: { kind, user, target }, answer }) => ({
    ...{ kind, user_id: user, target, id: (answer?.['revocation'] as { id: string } | undefined)?.id },
  }));
  return {
    halfDone: await queries.query(`((${gone}) except all (${done})) union all ((${done}) except all (${gone}))`),
    sessions: await queries.query(
      `select s.user_id, s.ended_at from sessions s where s.id like 'sess_load%' and (s.ended_at is not null) <> exists (
         select from revocations r where r.user_id = s.user_id and r.kind = 'PROJECT' and r.state = 'DONE')`,
    ),
    unsettled: await queries.query(`select id, state from revocations where state = 'PENDING'`),
    lost: await queries.query(
      `select a.* from jsonb_to_recordset($1::jsonb) a (id text, kind text, user_id text, target text)
       where not exists (select from revocations r where r.id = a.id and r.state = 'DONE' and r.kind::text = a.kind
         and r.user_id = a.user_id and coalesce(r.project_id, r.role_id, r.global_role::text) = a.target)`,
      [JSON.stringify(acknowledged)],
    ),
  };
}
