import type { GraphQLObjectType } from 'graphql';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.js';
import type { Database } from '../../src/database/database.js';
import { createGateway, type Gateway } from '../../src/gateway.js';
import { permissions } from '../../src/permissions.js';
import { openTestDatabase } from '../support/databases.js';
import { rememberRows } from '../support/reset.js';
import { bearer, bearerSecret, cxone, cxoneSecret } from './directory.js';
import { expectedGivings, fieldsOfGivings, giveEverything, prepareGivings } from './givings.js';
import { type Column, columns, fieldsOf, policy, type Row, schemaFields } from './policy.js';
import { createWorld, type State, type World } from './world.js';

let database: Database;
let gateway: Gateway;
let empty: () => Promise<void>;

beforeAll(async () => {
  database = await openTestDatabase('embedded');
  empty = await rememberRows(database);
  const config = loadConfig({
    JWT_ISSUER: bearer.issuer,
    JWT_AUDIENCE: bearer.audience,
    JWT_SECRET: bearerSecret,
    CXONE_ISSUER: cxone.issuer,
    CXONE_AUDIENCE: cxone.audience,
    CXONE_SECRET: cxoneSecret,
    RATE_LIMIT_PER_MINUTE: '0',
  });
  gateway = await createGateway({ config, database, clock: () => new Date(), log: pino({ level: 'silent' }) });
});
afterAll(async () => {
  await gateway.close();
  await database.close();
});

/** How every mutation of the table is asked for. */
const mutations: Partial<Record<Column, (world: World) => string>> = {
  unassignUserFromProject: ({ target: { user, project } }) =>
    `unassignUserFromProject(input: { projectId: "${project}", user: { id: "${user}" } })`,
  unassignUserFromRole: ({ target: { user, role } }) =>
    `unassignUserFromRole(input: { roleId: "${role}", user: { id: "${user}" } })`,
  removeGlobalRole: ({ target: { user } }) => `removeGlobalRole(input: { role: ODATA, user: { id: "${user}" } })`,
  'removeGlobalRole: ADMIN': ({ target: { user } }) =>
    `removeGlobalRole(input: { role: ADMIN, user: { id: "${user}" } })`,
  offboardUser: ({ target: { user } }) => `offboardUser(input: { user: { id: "${user}" } })`,
  startSession: () => 'startSession',
  'endSession: of its own': ({ caller: { session } }) => `endSession(input: { sessionId: "${session}" })`,
  'endSession: of another user': ({ target: { session } }) => `endSession(input: { sessionId: "${session}" })`,
};

const entityTypes = {
  user: 'User',
  project: 'Project',
  role: 'Role',
  session: 'Session',
  revocation: 'Revocation',
  grant: 'Grant',
  offboarding: 'Offboarding',
} satisfies Record<keyof World['target'], string>;
const typed = (belongings: World['target']) =>
  Object.entries(entityTypes).map(
    ([name, type]) => `{ __typename: "${type}", id: "${belongings[name as keyof typeof entityTypes]}" }`,
  );

/** How every query of the directory is asked for: by name where it takes one, and for everything where it lists. */
const queries: Readonly<Record<string, (world: World) => string>> = {
  node: ({ caller, target }) => `own: node(id: "${caller.user}") { id } other: node(id: "${target.user}") { id }`,
  nodes: ({ caller, target }) =>
    `nodes(ids: ${JSON.stringify([...Object.values(caller), ...Object.values(target)])}) { id }`,
  _entities: ({ caller, target }) =>
    `_entities(representations: [${[...typed(caller), ...typed(target)]}]) { ... on Node { id } }`,
  user: ({ caller, target }) =>
    `own: user(by: { id: "${caller.user}" }) { id } other: user(by: { id: "${target.user}" }) { id }
     named: user(by: { login: "${target.user}@acme.test" }) { id login }`,
  users: () => 'users { totalCount edges { node { id login } } }',
  project: ({ caller, target }) =>
    `own: project(id: "${caller.project}") { id members { edges { node { id } } } }
     other: project(id: "${target.project}") { id members { edges { node { id } } } }`,
  projects: () => 'projects { edges { node { id members { edges { node { id } } } } } }',
  role: ({ caller, target }) =>
    `own: role(id: "${caller.role}") { id users { edges { node { id } } } }
     other: role(id: "${target.role}") { id users { edges { node { id } } } }`,
  roles: () => 'roles { edges { node { id users { edges { node { id } } } } } }',
  revocation: ({ caller, target }) =>
    `own: revocation(id: "${caller.revocation}") { id user { id } }
     other: revocation(id: "${target.revocation}") { id user { id } }`,
  revocations: () => 'revocations { edges { node { id user { id } } } }',
  grant: ({ caller, target }) =>
    `own: grant(id: "${caller.grant}") { id user { id } } other: grant(id: "${target.grant}") { id user { id } }`,
  accessChanges: () => 'accessChanges { edges { node { id user { id } } } }',
};
/** What of a person each query shows. */
const shown: Readonly<Record<string, keyof World['target']>> = {
  project: 'project',
  projects: 'project',
  role: 'role',
  roles: 'role',
  revocation: 'revocation',
  revocations: 'revocation',
  grant: 'grant',
  accessChanges: 'grant',
};

interface Body {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { readonly extensions: { readonly code: string } }[];
}

async function ask(query: string, headers: World['headers']): Promise<Body> {
  const response = await gateway.fetch('http://localhost/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });
  return (await response.json()) as Body;
}

async function mutate(field: string, headers: World['headers']): Promise<{ type: string; code?: string }> {
  const { data, errors } = await ask(
    `mutation { answer: ${field} { type: __typename ... on AccessError { code } } }`,
    headers,
  );
  expect(errors).toBeUndefined();
  return data?.['answer'] as { type: string; code?: string };
}

const tables = [
  'users',
  'user_resources',
  'projects',
  'project_members',
  'roles',
  'role_resources',
  'role_users',
  'resources',
  'sessions',
  'management_tokens',
  'api_keys',
];

/** All that the directory holds of the world, without its records. */
async function directoryOf({ organizations }: World): Promise<string> {
  const columns = tables.map(
    (table) =>
      `(select jsonb_agg(t order by t::text) from ${table} t where organization_id = any($1::text[])) as ${table}`,
  );
  return JSON.stringify(await database.query(`select ${columns}`, [organizations]));
}

/** The number of the next transaction that writes: the same as before where nothing was written. */
async function nextWrite(): Promise<string | undefined> {
  const [row] = await database.query<{ next: string }>('select pg_snapshot_xmax(pg_current_snapshot())::text as next');
  return row?.next;
}

/** The records that were not there when the world was made. */
const recordsOf = ({ organizations, caller, target }: World) =>
  database.query<Record<string, unknown>>(
    `select state::text, code, actor, user_id as "user" from revocations
     where organization_id = any($1::text[]) and actor <> 'mgmt_x' and id not in ($2, $3) and offboarding_id is null`,
    [organizations, caller.revocation, target.revocation],
  );

const isRemoval = (column: Column) => column.startsWith('unassign') || column.startsWith('remove');
const cellOf = (row: Row, column: Column) => row.cells[columns.indexOf(column)] ?? null;

/** What is answered: the cell where the credential is good, else that it isn't. */
function expectedAnswer(row: Row, column: Column, state: State): string | null {
  const cell = cellOf(row, column);
  if (state === 'valid' || cell === null) {
    return cell;
  }
  if (state !== 'other organization') {
    return 'UNAUTHENTICATED';
  }
  // A session that isn't there is nobody's: only who may end no session at all is told something else.
  const isSought =
    cell === 'yes' || (column === 'endSession: of another user' && row.credential !== 'management token');
  return isSought && cell !== 'UNAUTHENTICATED' ? 'NOT_FOUND' : cell;
}

let checks = 0;

// A thousand worlds in one database would make each check slower than the one before.
async function makeRoom() {
  checks += 1;
  if (checks % 50 === 0) {
    await empty();
    worlds.clear();
  }
}

async function checkMutation(row: Row, column: Column, state: State, expected: string) {
  await makeRoom();
  const world = await createWorld(database, row, state);
  const before = await directoryOf(world);
  const answer = await mutate(mutations[column]?.(world) ?? '', world.headers);
  const [after, records] = [await directoryOf(world), await recordsOf(world)];
  const isRecorded = isRemoval(column) && expected !== 'UNAUTHENTICATED';
  if (expected === 'yes') {
    expect(answer.type).toMatch(/Success$/);
    expect(after).not.toBe(before);
    expect(records).toEqual(
      isRecorded ? [{ state: 'DONE', code: null, actor: world.actor, user: world.target.user }] : [],
    );
    return;
  }
  expect(answer.code).toBe(expected);
  expect(after).toBe(before);
  const user = state === 'other organization' ? null : world.target.user;
  expect(records).toEqual(isRecorded ? [{ state: 'REFUSED', code: expected, actor: world.actor, user }] : []);
}

// Queries change nothing, which is checked, so those of one caller share a world.
const worlds = new Map<string, Promise<World>>();
function worldOfQueries(row: Row, state: State): Promise<World> {
  const name = `${policy.indexOf(row)} ${state}`;
  const world = worlds.get(name) ?? createWorld(database, row, state);
  worlds.set(name, world);
  return world;
}

async function checkQuery(row: Row, field: string, state: State, view: string) {
  const world = await worldOfQueries(row, state);
  const before = await nextWrite();
  const body = await ask(`{ ${queries[field]?.(world)} }`, world.headers);
  const text = JSON.stringify(body.data ?? null);
  const part = shown[field] ?? 'user';
  const isRefused = view === 'UNAUTHENTICATED' || view === 'PAYMENT_REQUIRED';
  expect(body.errors?.[0]?.extensions.code).toBe(isRefused ? view : undefined);
  expect(text.includes(world.caller[part])).toBe(view === 'all' || view === 'itself');
  expect(text.includes(world.target[part])).toBe(view === 'all' && state === 'valid');
  expect(text.includes(world.target.user)).toBe(view === 'all' && state === 'valid');
  expect(await nextWrite()).toBe(before);
}

/** All that can be given, by one document: each is answered as its removal, and nothing else is given. */
async function checkGivings(row: Row, state: State) {
  await makeRoom();
  const world = await createWorld(database, row, state);
  const givings = await prepareGivings(database, world);
  const expected = expectedGivings(row, state);
  const before = await directoryOf(world);
  const { data, errors } = await ask(giveEverything(givings), world.headers);
  expect(errors).toBeUndefined();
  const answers = Object.values(data ?? {}) as { type: string; code?: string }[];
  expect(answers.map(({ type, code }) => code ?? (type.endsWith('Success') ? 'yes' : type))).toEqual(
    Object.values(expected),
  );
  expect(await givings.held()).toEqual(Object.keys(expected).filter((_, index) => answers[index]?.code === undefined));
  if (!Object.values(expected).includes('yes')) {
    expect(await directoryOf(world)).toBe(before);
  }
  const isRecorded = !Object.values(expected).includes('UNAUTHENTICATED');
  expect(await givings.records()).toEqual(
    Object.values(expected).flatMap((code) =>
      isRecorded
        ? [{ code: code === 'yes' ? null : code, actor: world.actor, isNamed: state !== 'other organization' }]
        : [],
    ),
  );
}

async function checkViewer(row: Row, state: State, expected: string) {
  const world = await worldOfQueries(row, state);
  const { data, errors } = await ask('{ viewer { organization { id } user { id } permissions } }', world.headers);
  if (expected !== 'yes') {
    expect(errors?.[0]?.extensions.code).toBe(expected);
    expect(data?.['viewer']).toBeUndefined();
    return;
  }
  const isUser = world.actor === world.caller.user;
  expect(data?.['viewer']).toEqual({
    organization: { id: world.organizations[state === 'other organization' ? 1 : 0] },
    user: isUser ? { id: world.caller.user } : null,
    permissions: [
      ...(cellOf(row, 'directory') === 'all' ? ['READ_DIRECTORY'] : []),
      ...(cellOf(row, 'unassignUserFromProject') === 'yes' ? ['UNASSIGN_USER_FROM_PROJECT'] : []),
      ...(cellOf(row, 'unassignUserFromRole') === 'yes' ? ['UNASSIGN_USER_FROM_ROLE'] : []),
      ...(cellOf(row, 'removeGlobalRole') === 'yes' ? ['REMOVE_GLOBAL_ROLE'] : []),
      ...(cellOf(row, 'unassignUserFromProject') === 'yes' ? ['ASSIGN_USER_TO_PROJECT'] : []),
      ...(cellOf(row, 'unassignUserFromRole') === 'yes' ? ['ASSIGN_USER_TO_ROLE'] : []),
      ...(cellOf(row, 'removeGlobalRole') === 'yes' ? ['ADD_GLOBAL_ROLE'] : []),
      ...(Object.values(expectedGivings(row, 'valid')).includes('yes') ? ['RESTORE_ACCESS'] : []),
      ...(cellOf(row, 'offboardUser') === 'yes' ? ['OFFBOARD_USER'] : []),
    ],
  });
}

/** How off-boardings are asked for: `id` of the caller's own organization unless it is of the other one. */
const offboardingQueries: Readonly<Record<string, (id: string) => string>> = {
  offboarding: (id) => `{ offboarding(id: "${id}") { id user { id } } }`,
  offboardings: () => '{ offboardings { edges { node { id user { id } } } } }',
  offboardingProgress: (id) => `subscription { offboardingProgress(id: "${id}") { id user { id } } }`,
};

async function checkOffboardings(row: Row, field: string, state: State, expected: string) {
  const world = await worldOfQueries(row, state);
  const { target } = world;
  const response = await gateway.fetch('http://localhost/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...world.headers },
    body: JSON.stringify({ query: offboardingQueries[field]?.(target.offboarding) }),
  });
  // An event is told in the same words as a result.
  const text = await response.text();
  const isThere = expected === 'yes' && state === 'valid';
  const code = isThere
    ? undefined
    : expected === 'yes'
      ? field === 'offboardingProgress'
        ? 'NOT_FOUND'
        : undefined
      : expected;
  expect(/"code":"(\w+)"/.exec(text)?.[1]).toBe(code);
  expect(text.includes(target.user)).toBe(isThere);
}

/** Every good credential for itself; of the bad ones, the caller of each kind that could do most, were it good. */
function statesOf(row: Row): State[] {
  if (row.credential === 'none') {
    return ['valid'];
  }
  const rows = policy.filter(({ credential }) => credential === row.credential);
  const power = ({ cells }: Row) => cells.filter((cell) => cell === 'yes').length;
  const isStrongest = rows.every((other) => power(other) < power(row) || rows.indexOf(other) >= rows.indexOf(row));
  const isOfUser = row.credential !== 'management token' && row.credential !== 'Basic';
  const bad: State[] = ['wrong', 'revoked', 'expired', ...(isOfUser ? ['deactivated' as const] : [])];
  return ['valid', 'other organization', ...(isStrongest ? bad : [])];
}

describe.each(policy.map((row) => [`${row.credential}, ${row.authority}`, row] as const))('%s', (_, row) => {
  describe.each(statesOf(row))('%s', (state) => {
    for (const column of columns) {
      const expected = expectedAnswer(row, column, state);
      // Neither a new session nor the caller's own is anything of another organization's.
      const isMeaningless = state === 'other organization' && /startSession|own/.test(column);
      if (expected === null || isMeaningless) {
        continue;
      }
      if (column === 'viewer') {
        const answer = state === 'other organization' ? String(cellOf(row, column)) : expected;
        it(`viewer: ${answer}`, () => checkViewer(row, state, answer));
      } else if (column === 'offboardings') {
        const answer = state === 'other organization' ? String(cellOf(row, column)) : expected;
        it.each(fieldsOf.offboardings)(`%s: ${answer}`, (field) => checkOffboardings(row, field, state, answer));
      } else if (column === 'directory') {
        it.each(fieldsOf.directory)(`%s: ${expected}`, (field) => checkQuery(row, field, state, expected));
      } else {
        it(`${column}: ${expected}`, () => checkMutation(row, column, state, expected));
      }
    }
    it('gives what it may take away', () => checkGivings(row, state));
  });
});

describe('the table', () => {
  const covered = new Set([...Object.values(fieldsOf).flat(), ...fieldsOfGivings, ...schemaFields]);
  const rootFields = (type: GraphQLObjectType | null | undefined) => Object.keys(type?.getFields() ?? {});

  it('has every root field of the schema', () => {
    const { schema } = gateway;
    const types = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
    const fields = types.flatMap(rootFields);
    expect(fields.length).toBeGreaterThan(0);
    expect([...covered].sort()).toEqual(fields.sort());
  });

  it('has every root field of permissions.ts, which has no others', () => {
    expect([...covered].sort()).toEqual(Object.values(permissions).flatMap(Object.keys).sort());
  });

  it('leaves __typename to everyone who has no bad credential', async () => {
    expect(await ask('{ __typename }', {})).toEqual({ data: { __typename: 'Query' } });
    const { errors } = await ask('{ __typename }', { 'x-api-key': 'wrong' });
    expect(errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });
});
