import type { Database } from '../../src/database/database.js';

/** The ids of a small organization: Ada is in four projects and holds the role that grants the resource. */
export const acme = {
  organization: 'org_acme',
  ada: 'user_ada',
  boss: 'user_boss',
  projects: ['proj_1', 'proj_2', 'proj_3', 'proj_4'],
  role: 'role_ops',
  resource: 'res_db',
} as const;

/** Fills an empty database with {@link acme}, and with an organization of the same shape that is not meant. */
export async function fillDirectory(database: Database): Promise<void> {
  await database.query(`insert into organizations (id, name) values ('org_acme', 'Acme'), ('org_other', 'Other')`);
  await database.query(
    `insert into users (id, organization_id, login, subject, org_admin, global_roles) values
      ('user_ada', 'org_acme', 'ada@acme.test', 'user_ada', false, '{BASE_ROLE}'),
      ('user_boss', 'org_acme', 'boss@acme.test', 'user_boss', true, '{ADMIN}'),
      ('user_other', 'org_other', 'ada@acme.test', 'user_other', true, '{ADMIN}')`,
  );
  await database.query(
    `insert into projects (id, organization_id, name) values
      ('proj_1', 'org_acme', '1'), ('proj_2', 'org_acme', '2'), ('proj_3', 'org_acme', '3'), ('proj_4', 'org_acme', '4'),
      ('proj_other', 'org_other', 'Other')`,
  );
  await database.query(`insert into roles (id, organization_id, name) values
    ('role_ops', 'org_acme', 'Ops'), ('role_other', 'org_other', 'Other')`);
  await database.query(`insert into resources (id, organization_id, name) values
    ('res_db', 'org_acme', 'Database'), ('res_other', 'org_other', 'Other')`);
  await database.query(`insert into role_resources values ('org_acme', 'role_ops', 'res_db')`);
  await database.query(`insert into role_users values ('org_acme', 'role_ops', 'user_ada')`);
  await joinAllProjects(database);
}

/** Puts Ada back into the four projects. */
export async function joinAllProjects(database: Database): Promise<void> {
  await database.query(
    `insert into project_members (organization_id, project_id, user_id, role)
     select organization_id, id, 'user_ada', 'USER' from projects where organization_id = 'org_acme'
     on conflict do nothing`,
  );
}

let revocations = 0;

/** What an administrator's token says of the caller. */
export const administrator = {
  organizationId: acme.organization,
  credential: 'BEARER',
  actor: 'user_boss',
  userId: null,
  claims: ['ORG_ADMIN'],
  tokenIssuedAt: null,
  traceId: 'a'.repeat(32),
};

export type DatabaseFunction =
  | 'unassign_user_from_project'
  | 'unassign_user_from_role'
  | 'remove_global_role'
  | 'start_session'
  | 'end_session';

export interface Answer {
  readonly refusal: string | null;
  readonly applied: boolean;
  readonly canStartSession: boolean;
  readonly sessionEffect: string;
  readonly sessions: readonly Record<string, unknown>[];
  readonly session: Record<string, unknown> | null;
  readonly user: Record<string, unknown> | null;
  readonly revocation: Record<string, unknown> | null;
  readonly remainingGlobalRoles: readonly string[] | null;
}

/** Calls one of the database functions as the gateway does. */
export async function call(
  database: Pick<Database, 'query'>,
  name: DatabaseFunction,
  request: Record<string, unknown>,
  caller: Record<string, unknown> = administrator,
): Promise<Answer> {
  revocations += 1;
  const full = { dryRun: false, reason: null, revocationId: `rev_${process.pid}-${revocations}`, ...request };
  const [row] = await database.query<{ answer: Answer }>(`select ${name}($1::jsonb, $2::jsonb) as answer`, [
    JSON.stringify(caller),
    JSON.stringify(full),
  ]);
  if (!row) {
    throw new Error('no row');
  }
  return row.answer;
}
