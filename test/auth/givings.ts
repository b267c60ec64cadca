import type { Database } from '../../src/database/database.js';
import { runScript } from './directory.js';
import { columns, type Giving, givings, type Row } from './policy.js';
import type { State, World } from './world.js';

const names = Object.keys(givings) as Giving[];

/** The root fields that give something. */
export const fieldsOfGivings = [...new Set(names.map((name) => name.replace(/:.*/, '')))];

/** What is answered to each, in the order of the table: done, or the code of the error. */
export function expectedGivings(row: Row, state: State): Record<Giving, string> {
  const cells = names.map((name) => [name, String(row.cells[columns.indexOf(givings[name])])] as const);
  const mayRestore = cells.some(([, cell]) => cell === 'yes');
  const answer = (name: Giving, cell: string) => {
    if (state !== 'valid' && state !== 'other organization') {
      return 'UNAUTHENTICATED';
    }
    // What is to be restored is known when it is read: before, the plan is what a management token lacks.
    const answered = name.startsWith('restore') && row.authority === 'no feature' ? 'PAYMENT_REQUIRED' : cell;
    const isSought = answered === 'yes' || (name.startsWith('restore') && answered === 'FORBIDDEN' && mayRestore);
    return state === 'other organization' && isSought ? 'NOT_FOUND' : answered;
  };
  return Object.fromEntries(cells.map(([name, cell]) => [name, answer(name, cell)])) as Record<Giving, string>;
}

/** What everything is given to, in the organization of the world's target, and what became of it. */
export interface Givings {
  /** A user who holds nothing, and one from whom everything was taken. */
  readonly newcomer: string;
  readonly leaver: string;
  readonly project: string;
  readonly role: string;
  /** The records of what was taken, by kind. */
  readonly removals: Readonly<Record<string, string>>;
  /** What of the table was given. */
  held(): Promise<readonly string[]>;
  records(): Promise<readonly object[]>;
}

const taken = {
  PROJECT: { kind: 'PROJECT', column: 'project_id, project_role' },
  ROLE: { kind: 'ROLE', column: 'role_id' },
  GLOBAL_ROLE: { kind: 'GLOBAL_ROLE', column: 'global_role' },
  ADMIN: { kind: 'GLOBAL_ROLE', column: 'global_role' },
  RESOURCE: { kind: 'RESOURCE', column: 'resource_id' },
} as const;

/** Adds to a world whom everything can be given to. */
export async function prepareGivings(database: Database, { organizations, target }: World): Promise<Givings> {
  const [organization] = organizations;
  const [newcomer, leaver] = [`${target.user}-newcomer`, `${target.user}-leaver`];
  const resource = `res_${organization.slice(4)}`;
  const removals = Object.fromEntries(
    Object.keys(taken).map((what) => [what, `${target.revocation}-${what.replace('_', '-')}`]),
  );
  const values: Record<keyof typeof taken, string> = {
    ...{
      PROJECT: `'${target.project}', 'USER'`,
      ROLE: `'${target.role}'`,
      GLOBAL_ROLE: `'API_KEYS'`,
      ADMIN: `'ADMIN'`,
    },
    RESOURCE: `'${resource}'`,
  };
  await runScript(
    database,
    `insert into users (id, organization_id, login, subject)
       select id, '${organization}', id || '@acme.test', id from unnest('{${newcomer},${leaver}}'::text[]) id;
     insert into resources (id, organization_id, name) values ('${resource}', '${organization}', 'A resource');
     ${Object.entries(taken)
       .map(
         ([what, { kind, column }]) =>
           `insert into revocations (id, organization_id, kind, state, user_id, requested_user, requested_target, actor,
              credential, requested_at, settled_at, trace_id, ${column})
            values ('${removals[what]}', '${organization}', '${kind}', 'DONE', '${leaver}', 'x', 'y', 'mgmt_x', 'BEARER', now(),
              now(), 'a trace', ${values[what as keyof typeof taken]});`,
       )
       .join('\n')}`,
  );
  return {
    ...{ newcomer, leaver, project: target.project, role: target.role, removals },
    held: () => heldBy(database, newcomer, leaver),
    records: () =>
      database.query<object>(
        `select code, actor, user_id is not null as "isNamed" from grants
         where organization_id = any($1::text[]) and actor <> 'mgmt_x' order by requested_at, id`,
        [organizations],
      ),
  };
}

async function heldBy(database: Database, newcomer: string, leaver: string): Promise<readonly Giving[]> {
  const [row] = await database.query<Record<Giving, boolean>>(
    `select exists (select from project_members where user_id = n.id) as "assignUserToProject",
       exists (select from role_users where user_id = n.id) as "assignUserToRole",
       'API_KEYS' = any (n.global_roles) as "addGlobalRole", 'ADMIN' = any (n.global_roles) as "addGlobalRole: ADMIN",
       exists (select from project_members where user_id = l.id) as "restoreAccess: PROJECT",
       exists (select from role_users where user_id = l.id) as "restoreAccess: ROLE",
       'API_KEYS' = any (l.global_roles) as "restoreAccess: GLOBAL_ROLE",
       'ADMIN' = any (l.global_roles) as "restoreAccess: ADMIN",
       exists (select from user_resources where user_id = l.id) as "restoreAccess: RESOURCE"
     from users n, users l where n.id = $1 and l.id = $2`,
    [newcomer, leaver],
  );
  return names.filter((name) => row?.[name]);
}

/** A document that asks for everything in the table, in its order. */
export function giveEverything({ newcomer, project, role, removals }: Givings): string {
  const user = `user: { id: "${newcomer}" }`;
  const fields: Record<Giving, string> = {
    assignUserToProject: `assignUserToProject(input: { projectId: "${project}", ${user}, role: "USER" })`,
    assignUserToRole: `assignUserToRole(input: { roleId: "${role}", ${user} })`,
    addGlobalRole: `addGlobalRole(input: { role: API_KEYS, ${user} })`,
    'addGlobalRole: ADMIN': `addGlobalRole(input: { role: ADMIN, ${user} })`,
    ...restores(removals),
  };
  const asked = names.map(
    (name, index) => `a${index}: ${fields[name]} { type: __typename ... on AccessError { code } }`,
  );
  return `mutation { ${asked.join(' ')} }`;
}

function restores(removals: Givings['removals']) {
  const restore = (what: keyof typeof taken) => `restoreAccess(input: { revocationId: "${removals[what]}" })`;
  return {
    'restoreAccess: PROJECT': restore('PROJECT'),
    'restoreAccess: ROLE': restore('ROLE'),
    'restoreAccess: GLOBAL_ROLE': restore('GLOBAL_ROLE'),
    'restoreAccess: ADMIN': restore('ADMIN'),
    'restoreAccess: RESOURCE': restore('RESOURCE'),
  };
}
