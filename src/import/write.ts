import type { Queries } from '../database/database.js';
import type { LinkTable, SectionTable } from './tables.js';

/** Writes the staged rows of one table: new ones are added, known ones changed where they differ. */
export async function writeRows(queries: Queries, { table, columns }: SectionTable): Promise<void> {
  const names = Object.keys(columns);
  const updated = names.filter((name) => name !== 'organization_id');
  await queries.query(`
    insert into ${table} (id, ${names}) select i.id, ${names.map((name) => `i.${name}`)} from import_${table} i
    on conflict (id) do update set ${updated.map((name) => `${name} = excluded.${name}`)}
    where (${updated.map((name) => `${table}.${name}`)}) is distinct from (${updated.map((name) => `excluded.${name}`)})`);
}

/**
 * Two users may swap logins, or one takes what another gives up: the index looks at every row by itself, so what
 * changes hands is put aside first, under a name that no login can have.
 */
export async function putNamesAside(queries: Queries): Promise<void> {
  for (const column of ['login', 'subject']) {
    await queries.query(`
      update users u set ${column} = chr(1) || u.id from import_users i
      where i.id = u.id and i.${column} <> u.${column} and exists (
        select from import_users o
        where o.organization_id = u.organization_id and o.${column} = u.${column} and o.id <> u.id)`);
  }
}

/** Makes the lists in the directory those of the file: takes out what is not in a given list, adds what is new. */
export async function writeLinks(queries: Queries, link: LinkTable): Promise<void> {
  await queries.query(surplus(link));
  await queries.query(additions(link));
}

const surplus = ({ section, list, table, owner, member }: LinkTable) => `
  delete from ${table} t using import_entries e
  where e.section = '${section}' and e.entry ? '${list}' and t.${owner} = e.entry->>'id'
    and not exists (select from import_${table} i where i.owner_id = t.${owner} and i.member_id = t.${member})`;

function additions({ section, table, owner, member, hasRole }: LinkTable): string {
  const isThere = `t.${owner} = i.owner_id and t.${member} = i.member_id${hasRole ? ' and t.role = i.role' : ''}`;
  return `
    insert into ${table} (organization_id, ${owner}, ${member}${hasRole ? ', role' : ''})
    select o.organization_id, i.owner_id, i.member_id${hasRole ? ', i.role' : ''}
    from import_${table} i join ${section} o on o.id = i.owner_id
    where not exists (select from ${table} t where ${isThere})
    on conflict (${owner}, ${member}) do ${hasRole ? 'update set role = excluded.role' : 'nothing'}`;
}

/** A session that came with the file holds what its user holds now, as if it had been started by the import. */
export async function fillSessions(queries: Queries): Promise<void> {
  await queries.query(`
    update sessions s
    set project_ids = held.project_ids, role_ids = held.role_ids, resource_ids = held.resource_ids
    from import_sessions i cross join lateral access_of(i.user_id) held
    where s.id = i.id and not i.known`);
}
