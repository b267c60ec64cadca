import type { Queries } from '../database/database.js';

/** Keeps in mind what removals would not have allowed to go, before the import changes it. */
export async function rememberInvariants(queries: Queries): Promise<void> {
  await queries.query(`
    create temporary table import_administered on commit drop as
    select distinct u.organization_id from users u
    where u.active and u.global_roles @> array['ADMIN'::global_role] and u.organization_id in (
      select e.entry->>'organization' from import_entries e where e.section = 'users')`);
  await queries.query(`
    create temporary table import_assigned on commit drop as
    select distinct m.user_id from project_members m where m.project_id in (
      select e.entry->>'id' from import_entries e where e.section = 'projects' and e.entry ? 'members')`);
}

/**
 * What a removal would have refused and the import did all the same, because its operator asked for it: an
 * organization left without an active administrator, users left without any project.
 */
export async function findWarnings(queries: Queries): Promise<string[]> {
  const organizations = await queries.query<{ id: string }>(`
    select a.organization_id as id from import_administered a where not exists (
      select from users u where u.organization_id = a.organization_id
        and u.active and u.global_roles @> array['ADMIN'::global_role])
    order by 1`);
  const [users] = await queries.query<{ count: number }>(`
    select count(*)::integer as count from import_assigned a
    where not exists (select from project_members m where m.user_id = a.user_id)`);
  const warnings = organizations.map(({ id }) => `${id} is left without an active user who holds ADMIN`);
  return users?.count ? [...warnings, `users left without any project: ${users.count}`] : warnings;
}
