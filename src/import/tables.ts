import type { Section } from './entries.js';

/** How the entries of a section become rows of a table. */
export interface SectionTable {
  readonly section: Section;
  readonly table: string;
  /** What one entry is called in a message. */
  readonly noun: string;
  /**
   * Every column but the id, and its value once the entry is imported, as SQL: `e.entry` is the entry, `c` the row that
   * the directory has already (all null where it has none).
   */
  readonly columns: Readonly<Record<string, string>>;
  /** Fields that a new entry can't do without, and their columns. */
  readonly needed: Readonly<Record<string, string>>;
}

// A field that is left out keeps its value; one that may be null can be cleared.
const given = (field: string, column: string) => `coalesce(e.entry->>'${field}', c.${column})`;
const clearable = (field: string, column: string) =>
  `case when e.entry ? '${field}' then e.entry->>'${field}' else c.${column} end`;
const flag = (field: string, column: string, initial: boolean) =>
  `coalesce((e.entry->>'${field}')::boolean, c.${column}, ${initial})`;
const set = (field: string, column: string, type: string) => `case when e.entry ? '${field}'
  then array(select distinct v::${type} from jsonb_array_elements_text(e.entry->'${field}') v order by 1)
  else coalesce(c.${column}, '{}') end`;
const externalIds = "coalesce(e.entry->'externalIds', c.external_ids, '{}')";
const organization = "e.entry->>'organization'";
const organizationOfUser = "(select u.organization_id from users u where u.id = e.entry->>'user')";

/** What the directory consists of; written before the lists that link its entries. */
export const entityTables: readonly SectionTable[] = [
  {
    section: 'organizations',
    table: 'organizations',
    noun: 'organization',
    columns: { name: given('name', 'name'), features: set('features', 'features', 'feature') },
    needed: { name: 'name' },
  },
  {
    section: 'resources',
    table: 'resources',
    noun: 'resource',
    columns: { organization_id: organization, name: given('name', 'name') },
    needed: { name: 'name' },
  },
  {
    section: 'users',
    table: 'users',
    noun: 'user',
    columns: {
      organization_id: organization,
      login: given('login', 'login'),
      name: clearable('name', 'name'),
      subject: "coalesce(e.entry->>'subject', c.subject, e.entry->>'id')",
      org_admin: flag('orgAdmin', 'org_admin', false),
      active: flag('active', 'active', true),
      global_roles: set('globalRoles', 'global_roles', 'global_role'),
      external_ids: externalIds,
    },
    needed: { login: 'login' },
  },
  {
    section: 'projects',
    table: 'projects',
    noun: 'project',
    columns: { organization_id: organization, name: given('name', 'name'), external_ids: externalIds },
    needed: { name: 'name' },
  },
  {
    section: 'roles',
    table: 'roles',
    noun: 'role',
    columns: {
      organization_id: organization,
      name: given('name', 'name'),
      description: clearable('description', 'description'),
      external_ids: externalIds,
    },
    needed: { name: 'name' },
  },
];

/** Credentials and sessions; their users are in the directory by the time they are looked at. */
export const credentialTables: readonly SectionTable[] = [
  {
    section: 'managementTokens',
    table: 'management_tokens',
    noun: 'management token',
    columns: { organization_id: organization, name: given('name', 'name'), token_hash: given('token', 'token_hash') },
    needed: { name: 'name', token: 'token_hash' },
  },
  {
    section: 'apiKeys',
    table: 'api_keys',
    noun: 'API key',
    columns: {
      organization_id: organizationOfUser,
      user_id: "e.entry->>'user'",
      name: given('name', 'name'),
      key_hash: given('key', 'key_hash'),
    },
    needed: { name: 'name', key: 'key_hash' },
  },
  {
    section: 'sessions',
    table: 'sessions',
    noun: 'session',
    columns: {
      organization_id: organizationOfUser,
      user_id: "e.entry->>'user'",
      started_at: "coalesce(c.started_at, least(now(), (e.entry->>'expiresAt')::timestamptz))",
      expires_at: "coalesce((e.entry->>'expiresAt')::timestamptz, c.expires_at)",
    },
    needed: { expiresAt: 'expires_at' },
  },
];

/** A list within the entries of a section: what its entries are linked with. A list that is given replaces the old. */
export interface LinkTable {
  readonly section: Section;
  readonly list: string;
  readonly table: string;
  /** The table's columns: whose list it is, and who or what is in it. */
  readonly owner: string;
  readonly member: string;
  /** Where the members are. */
  readonly memberTable: string;
  readonly noun: string;
  /** True for a list of `{ user, role }`, false for a list of ids. */
  readonly hasRole: boolean;
}

const resource = { member: 'resource_id', memberTable: 'resources', noun: 'resource' } as const;
const user = { member: 'user_id', memberTable: 'users', noun: 'user' } as const;

export const linkTables: readonly LinkTable[] = [
  { section: 'users', list: 'resources', table: 'user_resources', owner: 'user_id', hasRole: false, ...resource },
  { section: 'projects', list: 'members', table: 'project_members', owner: 'project_id', hasRole: true, ...user },
  { section: 'roles', list: 'resources', table: 'role_resources', owner: 'role_id', hasRole: false, ...resource },
  { section: 'roles', list: 'users', table: 'role_users', owner: 'role_id', hasRole: false, ...user },
];
