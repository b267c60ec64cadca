import { Client } from 'pg';
import { pino } from 'pino';
import { migrate } from '../../src/database/migrate.js';
import { openPostgresql } from '../../src/database/postgresql.js';
import { databaseUrl } from '../support/servers.js';

/** How large a directory is: 5 projects and 5 roles a user, 8 resources a role. */
export interface Size {
  readonly users: number;
  readonly projects: number;
  readonly roles: number;
  readonly resources: number;
}

export const large: Size = { users: 100_000, projects: 1_000, roles: 500, resources: 2_000 };
export const small: Size = { users: 1_000, projects: 1_000, roles: 500, resources: 2_000 };

export const organization = 'org_bench';
/** An administrator of the directory, who asks for everything. */
export const administrator = 'user_administrator';
export const userId = (index: number) => `user_${index}`;
export const login = (index: number) => `user.${index}@bench.test`;
/** The roles of a user: five different ones. */
export const roleId = (user: number, nth: number, { roles }: Size = large) => `role_${(user * 7 + nth * 101) % roles}`;
/** A role that the user doesn't have. */
export const otherRoleId = (user: number, { roles }: Size = large) => `role_${(user * 7 + 50) % roles}`;

// Set-based: 100,000 users take some ten seconds.
const fill = ({ users, projects, roles, resources }: Size) => [
  `insert into organizations (id, name, features) values ('${organization}', 'Bench', '{MANAGEMENT_API}')`,
  `insert into users (id, organization_id, login, name, subject, global_roles)
   select 'user_' || i, '${organization}', 'user.' || i || '@bench.test', 'User ' || i, 'user_' || i, '{BASE_ROLE}'
   from generate_series(0, ${users} - 1) i`,
  `insert into users (id, organization_id, login, name, subject, org_admin, global_roles)
   values ('${administrator}', '${organization}', 'administrator@bench.test', 'Ada', '${administrator}', true, '{ADMIN}')`,
  `insert into projects (id, organization_id, name)
   select 'proj_' || i, '${organization}', 'Project ' || i from generate_series(0, ${projects} - 1) i`,
  `insert into roles (id, organization_id, name)
   select 'role_' || i, '${organization}', 'Role ' || i from generate_series(0, ${roles} - 1) i`,
  `insert into resources (id, organization_id, name)
   select 'res_' || i, '${organization}', 'Resource ' || i from generate_series(0, ${resources} - 1) i`,
  `insert into project_members (organization_id, project_id, user_id, role)
   select '${organization}', 'proj_' || ((i * 7 + k * 201) % ${projects}), 'user_' || i, 'VIEWER'
   from generate_series(0, ${users} - 1) i, generate_series(0, 4) k`,
  `insert into role_resources (organization_id, role_id, resource_id)
   select '${organization}', 'role_' || i, 'res_' || ((i * 8 + k) % ${resources})
   from generate_series(0, ${roles} - 1) i, generate_series(0, 7) k`,
  roleUsers({ users, roles }),
  'analyze',
];

const roleUsers = ({ users, roles }: Pick<Size, 'users' | 'roles'>) =>
  `insert into role_users (organization_id, role_id, user_id)
   select '${organization}', 'role_' || ((i * 7 + k * 101) % ${roles}), 'user_' || i
   from generate_series(0, ${users} - 1) i, generate_series(0, 4) k on conflict do nothing`;

/** A database with a directory of a size, on the server of `server`. */
export interface BenchDatabase {
  readonly url: string;
  /** Gives everybody its roles back. */
  restore(): Promise<void>;
  count(sql: string): Promise<number>;
  drop(): Promise<void>;
}

export async function createBenchDatabase(server: string, name: string, size: Size): Promise<BenchDatabase> {
  await administer(server, `drop database if exists ${name} with (force)`);
  await administer(server, `create database ${name} template template0`);
  const url = databaseUrl(server, name);
  const database = await openPostgresql({ databaseUrl: url, databasePoolSize: 2 }, pino({ level: 'silent' }));
  await migrate(database);
  await database.close();
  for (const statement of fill(size)) {
    await administer(url, statement);
  }
  await administer(url, 'vacuum');
  return {
    url,
    restore: async () => {
      await administer(url, roleUsers(size));
      await administer(url, 'vacuum analyze role_users');
    },
    count: async (sql) => Number((await administer(url, sql))[0]?.['count']),
    drop: async () => {
      await administer(server, `drop database if exists ${name} with (force)`);
    },
  };
}

async function administer(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
