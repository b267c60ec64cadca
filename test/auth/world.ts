import type { JWTPayload } from 'jose';
import { generateSecret, hashSecret } from '../../src/auth/secrets.js';
import type { Database } from '../../src/database/database.js';
import { bearer, bearerSecret, cxone, cxoneSecret, runScript, sign } from './directory.js';
import type { Row } from './policy.js';

/** What may be the matter with a credential. */
export type State = 'valid' | 'wrong' | 'revoked' | 'expired' | 'deactivated' | 'other organization';

/** A person, and what belongs to it. */
interface Belongings {
  readonly user: string;
  readonly project: string;
  readonly role: string;
  readonly session: string;
  readonly revocation: string;
  readonly grant: string;
  readonly offboarding: string;
}

/** A caller, and somebody else to take something from, in organizations that nothing else uses. */
export interface World {
  readonly organizations: readonly [string, string];
  readonly caller: Belongings;
  /** In the first organization, like the caller unless that is of the other; then they share a project and a role. */
  readonly target: Belongings;
  /** What the record calls the caller. */
  readonly actor: string;
  /** With which the caller shows who it is. */
  readonly headers: Readonly<Record<string, string>>;
}

let count = 0;

/** Fills the directory with a world in which the caller of `row` has a credential in this state. */
export async function createWorld(database: Database, row: Row, state: State): Promise<World> {
  count += 1;
  const [caller, target] = [belongings('caller'), belongings('target')];
  const organizations = [`org_a-${count}`, `org_b-${count}`] as const;
  const home = organizations[state === 'other organization' ? 1 : 0];
  const secret = generateSecret('dvs_');
  await runScript(
    database,
    `
    insert into organizations (id, name, features)
      select id, 'An organization', '${row.authority === 'no feature' ? '{}' : '{MANAGEMENT_API}'}'
      from unnest('{${organizations}}'::text[]) id;
    ${person(organizations[0], belongings('keeper'), '{ADMIN}')}
    ${person(organizations[0], target, '{ODATA,ADMIN}')}
    ${person(home, caller)}
    ${give(organizations[0], target, home === organizations[0] ? caller : belongings('keeper'))}
    ${authorize(row, caller)}
    ${credentials(home, caller, hashSecret(secret))}
    ${spoil(row, state, caller)}`,
  );
  return {
    organizations,
    caller,
    target,
    actor: actorOf(row, caller),
    headers: await present(row, state, home, secret),
  };
}

const belongings = (name: string): Belongings => ({
  user: `user_${name}-${count}`,
  project: `proj_${name}-${count}`,
  role: `role_${name}-${count}`,
  session: `sess_${name}-${count}`,
  revocation: `rev_${name}-${count}`,
  grant: `grant_${name}-${count}`,
  offboarding: `off_${name}-${count}`,
});

const person = (
  organization: string,
  { user, project, role, session, revocation, grant, offboarding }: Belongings,
  globalRoles = '{}',
) => `
  insert into users (id, organization_id, login, subject, global_roles)
    values ('${user}', '${organization}', '${user}@acme.test', 'idp|${user}', '${globalRoles}');
  insert into projects (id, organization_id, name) values ('${project}', '${organization}', 'A project');
  insert into project_members (organization_id, project_id, user_id, role)
    values ('${organization}', '${project}', '${user}', 'USER');
  insert into roles (id, organization_id, name) values ('${role}', '${organization}', 'A role');
  insert into role_users (organization_id, role_id, user_id) values ('${organization}', '${role}', '${user}');
  insert into sessions (id, organization_id, user_id, started_at, expires_at)
    values ('${session}', '${organization}', '${user}', now() - interval '1 minute', now() + interval '1 hour');
  insert into revocations (id, organization_id, kind, state, user_id, requested_user, requested_target, actor,
      credential, requested_at, settled_at, trace_id)
    values ('${revocation}', '${organization}', 'ROLE', 'DONE', '${user}', '${user}', 'role_lost', 'mgmt_x',
      'MANAGEMENT_TOKEN', now(), now(), 'a trace');
  insert into grants (id, organization_id, kind, state, user_id, requested_user, requested_target, actor,
      credential, requested_at, settled_at, trace_id)
    values ('${grant}', '${organization}', 'ROLE', 'DONE', '${user}', '${user}', 'role_given', 'mgmt_x',
      'MANAGEMENT_TOKEN', now(), now(), 'a trace');
  insert into offboardings (id, organization_id, user_id, requested_user, actor, credential, started_at, trace_id)
    values ('${offboarding}', '${organization}', '${user}', '${user}', 'mgmt_x', 'BEARER', now(), 'a trace');`;

// So that the target has a project left, and so that a caller who may see only itself shares something with it.
const give = (organization: string, { user }: Belongings, { project, role }: Belongings) => `
  insert into project_members (organization_id, project_id, user_id, role)
    values ('${organization}', '${project}', '${user}', 'USER');
  insert into role_users (organization_id, role_id, user_id) values ('${organization}', '${role}', '${user}');`;

const claimOf = ({ authority }: Row) => /claim (\w+)/.exec(authority)?.[1];
const isStranger = ({ authority }: Row) => authority.startsWith('stranger');

function authorize({ authority }: Row, { user }: Belongings): string {
  const [, held] = /directory (\w+)/.exec(authority) ?? [];
  if (held === undefined) {
    return '';
  }
  const change = held === 'ORG_ADMIN' ? 'org_admin = true' : `global_roles = '{${held}}'`;
  return `update users set ${change} where id = '${user}';`;
}

/** One of each kind, all with the same secret; the caller presents one of them. */
const credentials = (organization: string, { user, session }: Belongings, hash: string) => `
  insert into management_tokens (id, organization_id, name, token_hash)
    values ('mgmt_${count}', '${organization}', 'A token', '${hash}');
  insert into api_keys (id, organization_id, user_id, name, key_hash)
    values ('key_${count}', '${organization}', '${user}', 'A key', '${hash}');
  update sessions set token_hash = '${hash}' where id = '${session}';`;

function spoil({ credential }: Row, state: State, { user, session }: Belongings): string {
  if (state === 'deactivated') {
    return `update users set active = false where id = '${user}';`;
  }
  if (state !== 'revoked' && state !== 'expired') {
    return '';
  }
  if (credential === 'session token') {
    const column = state === 'revoked' ? 'ended_at' : 'expires_at';
    return `update sessions set ${column} = now() - interval '1 second' where id = '${session}';`;
  }
  if (credential === 'management token' || credential === 'Basic' || credential === 'API key') {
    const [table, id] =
      credential === 'API key' ? ['api_keys', `key_${count}`] : ['management_tokens', `mgmt_${count}`];
    return `update ${table} set ${state}_at = now() - interval '1 second' where id = '${id}';`.replace(
      'expired_at',
      'expires_at',
    );
  }
  return state === 'revoked' ? `update users set tokens_not_before = now() where id = '${user}';` : '';
}

function actorOf(row: Row, { user }: Belongings): string {
  if (row.credential === 'management token') {
    return `mgmt_${count}`;
  }
  return isStranger(row) ? 'subject:idp|stranger' : user;
}

async function present(row: Row, state: State, organization: string, good: string): Promise<Record<string, string>> {
  const [id, secret] = [`mgmt_${count}`, state === 'wrong' ? `${good}x` : good];
  switch (row.credential) {
    case 'management token':
      return { 'x-management-id': id, 'x-management-token': secret };
    case 'session token':
      return { authorization: `Bearer ${secret}` };
    case 'API key':
      return { 'x-api-key': secret };
    case 'Basic':
      return { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` };
    case 'bearer token':
      return { authorization: `Bearer ${await signFor(row, state, organization, bearer, bearerSecret)}` };
    case 'CXone token':
      return { 'x-cxone-authorization': `Bearer ${await signFor(row, state, organization, cxone, cxoneSecret)}` };
    case 'none':
      return {};
  }
}

function signFor(row: Row, state: State, org: string, { issuer, audience }: typeof bearer, secret: string) {
  const seconds = Math.floor(Date.now() / 1000);
  const claims: JWTPayload = {
    iss: issuer,
    aud: audience,
    org,
    sub: isStranger(row) ? 'idp|stranger' : `idp|user_caller-${count}`,
    roles: claimOf(row) ? [claimOf(row)] : [],
    iat: seconds - 60,
    exp: state === 'expired' ? seconds - 10 : seconds + 600,
  };
  return sign(claims, state === 'wrong' ? `${secret}x` : secret);
}
