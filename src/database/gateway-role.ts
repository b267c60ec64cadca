import type { Queries } from './database.js';

interface Granted {
  readonly tables: readonly string[];
  readonly privileges: readonly string[];
  /** The columns that UPDATE is granted for, where that isn't all of them. */
  readonly updatable?: readonly string[];
}

const howItEnded = ['state', 'code', 'settled_at', 'upstream_trace_id'];

/**
 * What a gateway needs of each table, and nothing else. Of a record it may write how a PENDING one ended; that a settled
 * one stays as it is, is for the triggers, which only the owner of the tables can switch off.
 */
export const gatewayPrivileges: readonly Granted[] = [
  {
    tables: ['organizations', 'users', 'resources', 'projects', 'roles', 'sessions', 'management_tokens', 'api_keys'],
    privileges: ['SELECT', 'INSERT', 'UPDATE'],
  },
  {
    tables: ['user_resources', 'project_members', 'role_resources', 'role_users', 'upstream_calls'],
    privileges: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  },
  { tables: ['revocations'], privileges: ['SELECT', 'INSERT'], updatable: [...howItEnded, 'offboarding_id'] },
  { tables: ['grants'], privileges: ['SELECT', 'INSERT'], updatable: howItEnded },
  { tables: ['offboardings'], privileges: ['SELECT', 'INSERT'] },
  { tables: ['_prisma_migrations'], privileges: ['SELECT'] },
];

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** The statements that leave a role of PostgreSQL with what a gateway needs in this database, and with nothing else. */
export function grantStatements(role: string, database: string): string[] {
  const to = quote(role);
  return [
    'REVOKE CREATE ON SCHEMA public FROM PUBLIC',
    `REVOKE ALL ON SCHEMA public FROM ${to}`,
    `REVOKE ALL ON DATABASE ${quote(database)} FROM ${to}`,
    // Temporary tables: an import lays its file out in them.
    `GRANT CONNECT, TEMPORARY ON DATABASE ${quote(database)} TO ${to}`,
    `GRANT USAGE ON SCHEMA public TO ${to}`,
    `GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO ${to}`,
    ...gatewayPrivileges.flatMap(({ tables, privileges, updatable }) => [
      `REVOKE ALL ON ${tables.join(', ')} FROM ${to}`,
      `GRANT ${privileges.join(', ')} ON ${tables.join(', ')} TO ${to}`,
      ...(updatable ? [`GRANT UPDATE (${updatable.join(', ')}) ON ${tables.join(', ')} TO ${to}`] : []),
    ]),
  ];
}

/** What the role of this connection lacks of what a gateway needs: each as `INSERT on users`. */
export async function missingPrivileges(queries: Queries): Promise<string[]> {
  const needed = gatewayPrivileges.flatMap(({ tables, privileges, updatable = [] }) =>
    tables.flatMap((table) => [
      ...privileges.map((privilege) => ({ table, privilege, column: null })),
      ...updatable.map((column) => ({ table, privilege: 'UPDATE', column })),
    ]),
  );
  const rows = await queries.query<{ missing: string }>(
    `select n.privilege || coalesce(' (' || n."column" || ')', '') || ' on ' || n."table" as missing
     from jsonb_to_recordset($1::jsonb) as n("table" text, privilege text, "column" text)
     where case when n."column" is null then not has_table_privilege(n."table", n.privilege)
                else not has_column_privilege(n."table", n."column", n.privilege) end`,
    [JSON.stringify(needed)],
  );
  return rows.map(({ missing }) => missing);
}

const superuser = 'is a superuser';

/**
 * By which means a role, that of the connection unless another is named, could change or delete records all the same;
 * none for one that is left with what it needs.
 */
export async function waysToRewriteRecords(queries: Queries, role: string | null = null): Promise<string[]> {
  const rows = await queries.query<{ way: string }>(
    `with me(name) as (select coalesce($1::name, current_user)),
     record as (
       select c.oid, c.relname, c.relowner from pg_class c
       where c.oid = any (array['revocations', 'grants', 'offboardings']::regclass[])
     ),
     owner(oid, thing) as (
       select relowner, 'the records' from record
       union select nspowner, 'the schema public' from pg_namespace where nspname = 'public'
       union select datdba, 'the database' from pg_database where datname = current_database()
     )
     select '${superuser}' as way from pg_roles, me where rolname = me.name and rolsuper
     union all
     select 'may make itself a member of other roles (CREATEROLE)' from pg_roles, me where rolname = me.name and rolcreaterole
     union all
     select distinct 'is, or is a member of, the owner of ' || o.thing
     from owner o, me where pg_has_role(me.name, o.oid, 'MEMBER')
     union all
     select 'is a member of ' || p.rolname from pg_roles p, me
     where p.rolname in ('pg_write_all_data', 'pg_write_server_files', 'pg_execute_server_program')
       and pg_has_role(me.name, p.oid, 'MEMBER')
     union all
     select 'has ' || p.privilege || ' on ' || r.relname
     from me, record r cross join unnest(array['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) as p(privilege)
     where has_table_privilege(me.name, r.oid, p.privilege)
     union all
     select 'may create in the schema public' from me where has_schema_privilege(me.name, 'public', 'CREATE')`,
    [role],
  );
  const ways = rows.map(({ way }) => way);
  // It has all the others by that.
  return ways.includes(superuser) ? [superuser] : ways;
}
