import type { Queries } from '../database/database.js';
import { ImportError, type ImportProblem, problemLimit } from './problems.js';
import { credentialTables, entityTables, type LinkTable, linkTables, type SectionTable } from './tables.js';

/** One question to the staged rows: which of them (`i`) are wrong (`where`), in which field, and why (SQL text). */
interface Check {
  readonly path: string;
  readonly from: string;
  readonly where: string;
  readonly message: string;
}

/** Finds what is wrong with organizations, resources, users, projects and roles. Throws ImportError. */
export async function checkEntities(queries: Queries): Promise<void> {
  await refuse(queries, [...entityTables.flatMap(checksOf), ...uniqueLogins]);
}

/** Finds what is wrong with lists, credentials and sessions, once the entities are written. Throws ImportError. */
export async function checkReferences(queries: Queries): Promise<void> {
  await refuse(queries, [...linkTables.map(linkCheck), ...credentialTables.flatMap(checksOf), ...uniqueKeys]);
}

async function refuse(queries: Queries, checks: readonly Check[]): Promise<void> {
  const problems: ImportProblem[] = [];
  for (const check of checks) {
    problems.push(...(await queries.query<ImportProblem>(toSql(check))));
  }
  if (problems.length > 0) {
    throw new ImportError(problems);
  }
}

const toSql = ({ path, from, where, message }: Check) =>
  `select ${path} as path, ${message} as message from ${from} where ${where} order by i.position limit ${problemLimit}`;

const place = (section: string, field: string) => `'${section}[' || i.position || '].${field}'`;

function checksOf(table: SectionTable): Check[] {
  const { section, table: name, noun, columns, needed } = table;
  const rows = `import_${name} i`;
  const isOwned = 'user_id' in columns;
  const hasOrganization = 'organization_id' in columns && !isOwned;
  return [
    unique(section, 'id', `select *, id as key from import_${name}`),
    ...Object.entries(needed).map(([field, column]) => ({
      path: place(section, field),
      from: rows,
      where: `not i.known and i.${column} is null`,
      message: `'is needed, because the ${noun} ' || i.id || ' is new'`,
    })),
    ...(hasOrganization ? belonging(section, rows, 'organization', 'organization_id', organizationIds) : []),
    ...(isOwned ? belonging(section, rows, 'user', 'user_id', 'users') : []),
  ];
}

const organizationIds = '(select id from import_organizations union all select id from organizations)';

/** An entry's organization or user is there, and stays the one that it is. */
const belonging = (section: string, from: string, noun: string, column: string, known: string): Check[] => [
  {
    path: place(section, noun),
    from: `${from} join import_entries e on e.section = '${section}' and e.position = i.position`,
    where: `not exists (select from ${known} k where k.id = e.entry->>'${noun}')`,
    message: `'there is no ${noun} ' || (e.entry->>'${noun}')`,
  },
  {
    path: place(section, noun),
    from,
    where: `i.known_${column} <> i.${column}`,
    message: `i.id || ' belongs to another ${noun} and cannot be moved'`,
  },
];

/** `rows` have a key each; the second with the same key is wrong. */
const unique = (section: string, field: string, rows: string): Check => ({
  path: place(section, field),
  from: `(select r.position, min(r.position) over (partition by r.key) as first from (${rows}) r) i`,
  where: 'i.first < i.position',
  message: `'is in ${section}[' || i.first || '] already'`,
});

/** Logins and subjects are unique in an organization, among the file's users and those that the file leaves alone. */
const uniqueLogins = (['login', 'subject'] as const).flatMap((field): Check[] => [
  unique('users', field, `select position, array[organization_id, ${field}] as key from import_users`),
  {
    path: place('users', field),
    from: `import_users i join users u on u.organization_id = i.organization_id and u.${field} = i.${field}`,
    where: 'u.id <> i.id and not exists (select from import_users o where o.id = u.id)',
    message: `'belongs to user ' || u.id || ' already'`,
  },
]);

const uniqueKeys: readonly Check[] = [
  unique('apiKeys', 'key', 'select position, key_hash as key from import_api_keys'),
  {
    path: place('apiKeys', 'key'),
    from: 'import_api_keys i join api_keys k on k.key_hash = i.key_hash',
    where: 'k.id <> i.id and not exists (select from import_api_keys o where o.id = k.id)',
    message: `'is the key of ' || k.id || ' already'`,
  },
];

const linkCheck = ({ section, list, table, memberTable, noun, hasRole }: LinkTable): Check => ({
  path: `'${section}[' || i.position || '].${list}[' || i.place || ']${hasRole ? '.user' : ''}'`,
  from: `import_${table} i join ${section} o on o.id = i.owner_id left join ${memberTable} m on m.id = i.member_id`,
  where: 'm.organization_id is distinct from o.organization_id',
  message: `case when m.id is null then 'there is no ${noun} ' || i.member_id
    else i.member_id || ' belongs to another organization' end`,
});
