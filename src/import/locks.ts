import type { Queries } from '../database/database.js';

// Any number will do, as long as nothing else in the database takes it.
const importLock = 4_101_722_026;

/**
 * Takes the locks that keep removals, logins and other imports out until the transaction ends: first the
 * organizations, then the users, in the order in which removals lock them, so that neither waits for the other for
 * ever. What is read after this is what stays.
 */
export async function lockDirectory(queries: Queries): Promise<void> {
  await queries.query('select pg_advisory_xact_lock($1)', [importLock]);
  await queries.query(`
    select count(*) from (
      select from organizations o
      where o.id in (select coalesce(e.entry->>'organization', e.entry->>'id') from import_entries e)
      order by o.id collate "C" for no key update
    ) locked`);
  await queries.query(`
    select count(*) from (
      select from users u
      where u.id in (
        select e.entry->>'id' from import_entries e where e.section = 'users'
        union all select e.entry->>'user' from import_entries e where e.section in ('apiKeys', 'sessions')
        union all select l.member_id from import_project_members l
        union all select l.member_id from import_role_users l
        union all select m.user_id from project_members m where m.project_id in (
          select e.entry->>'id' from import_entries e where e.section = 'projects' and e.entry ? 'members')
        union all select h.user_id from role_users h where h.role_id in (
          select e.entry->>'id' from import_entries e where e.section = 'roles' and e.entry ? 'users')
      )
      order by u.id collate "C" for no key update
    ) locked`);
}
