import { type JWTPayload, SignJWT } from 'jose';
import { pino } from 'pino';
import { type AuthenticateOptions, type CredentialCarrier, createAuthenticate } from '../../src/auth/authenticate.js';
import { createGuesses } from '../../src/auth/guesses.js';
import type { Principal } from '../../src/auth/principal.js';
import { hashSecret } from '../../src/auth/secrets.js';
import type { TokenIssuer } from '../../src/config.js';
import type { Database } from '../../src/database/database.js';

/** Every secret of the directory below, in the clear. */
export const secrets = {
  management: 'dvm_a-management-token-of-acme',
  revokedManagement: 'dvm_a-management-token-revoked',
  expiredManagement: 'dvm_a-management-token-expired',
  featurelessManagement: 'dvm_a-management-token-of-bare',
  key: 'dvk_the-api-key-of-ada-at-acme',
  revokedKey: 'dvk_the-api-key-that-was-revoked',
  expiredKey: 'dvk_the-api-key-that-has-expired',
  keyOfGone: 'dvk_the-api-key-of-a-deactivated-user',
  session: 'dvs_the-session-of-ada-at-acme',
  endedSession: 'dvs_the-session-that-was-ended',
  expiredSession: 'dvs_the-session-that-has-expired',
  outdatedSession: 'dvs_the-session-from-before-a-removal',
  sessionOfGone: 'dvs_the-session-of-a-deactivated-user',
} as const;

/** The instant that the tests take for now. */
export const now = new Date('2026-03-01T12:00:00.000Z');
export const nowSeconds = now.getTime() / 1000;
/** When user_cut lost a project: tokens from before are refused. */
export const cutSeconds = nowSeconds - 100;

const hash = (name: keyof typeof secrets) => `'${hashSecret(secrets[name])}'`;

/** Runs several statements without parameters. */
export const runScript = (database: Database, sql: string) =>
  database.withConnection((connection) => connection.runScript(sql));

/** Two organizations; acme has an administrator, a plain user, one who lost a project and a deactivated one. */
export async function seedDirectory(database: Database): Promise<void> {
  await runScript(
    database,
    `
    insert into organizations (id, name, features) values ('org_acme', 'Acme', '{MANAGEMENT_API}'), ('org_bare', 'Bare', '{}');
    insert into users (id, organization_id, login, subject, org_admin, active, global_roles, tokens_not_before) values
      ('user_ada', 'org_acme', 'ada@acme.test', 'idp|ada', true, true, '{ADMIN,ODATA}', null),
      ('user_bob', 'org_acme', 'bob@acme.test', 'idp|bob', false, true, '{}', null),
      ('user_cut', 'org_acme', 'cut@acme.test', 'idp|cut', false, true, '{}', '2026-03-01T11:58:20.400Z'),
      ('user_gone', 'org_acme', 'gone@acme.test', 'idp|gone', true, false, '{ADMIN}', null);
    insert into management_tokens (id, organization_id, name, token_hash, revoked_at, expires_at) values
      ('mgmt_ci', 'org_acme', 'ci', ${hash('management')}, null, null),
      ('mgmt_revoked', 'org_acme', 'revoked', ${hash('revokedManagement')}, '2026-02-28T00:00:00Z', null),
      ('mgmt_expired', 'org_acme', 'expired', ${hash('expiredManagement')}, null, '2026-03-01T12:00:00.000Z'),
      ('mgmt_bare', 'org_bare', 'bare', ${hash('featurelessManagement')}, null, '2026-03-01T12:00:00.001Z');
    insert into api_keys (id, organization_id, user_id, name, key_hash, revoked_at, expires_at) values
      ('key_ada', 'org_acme', 'user_ada', 'laptop', ${hash('key')}, null, '2026-03-01T12:00:00.001Z'),
      ('key_revoked', 'org_acme', 'user_ada', 'revoked', ${hash('revokedKey')}, '2026-02-28T00:00:00Z', null),
      ('key_expired', 'org_acme', 'user_ada', 'expired', ${hash('expiredKey')}, null, '2026-03-01T12:00:00.000Z'),
      ('key_gone', 'org_acme', 'user_gone', 'gone', ${hash('keyOfGone')}, null, null);
    insert into sessions (id, organization_id, user_id, token_hash, started_at, expires_at, ended_at) values
      ('sess_ada', 'org_acme', 'user_ada', ${hash('session')}, '2026-03-01T11:00:00Z', '2026-03-01T12:00:00.001Z', null),
      ('sess_ended', 'org_acme', 'user_ada', ${hash('endedSession')}, '2026-03-01T11:00:00Z', '2030-01-01', '2026-03-01T11:30:00Z'),
      ('sess_expired', 'org_acme', 'user_ada', ${hash('expiredSession')}, '2026-03-01T11:00:00Z', '2026-03-01T12:00:00Z', null),
      ('sess_cut', 'org_acme', 'user_cut', ${hash('outdatedSession')}, '2026-03-01T11:58:20.399Z', '2030-01-01', null),
      ('sess_gone', 'org_acme', 'user_gone', ${hash('sessionOfGone')}, '2026-03-01T11:00:00Z', '2030-01-01', null);`,
  );
}

const issuerOf = (name: string, secret: string): TokenIssuer => ({
  issuer: `https://${name}.test`,
  audience: `divest-${name}`,
  key: { secret },
  rolesClaim: 'roles',
  organizationClaim: 'org',
});
export const bearerSecret = 'the bearer issuer’s secret: 32 bytes or more';
export const cxoneSecret = 'the CXone issuer’s secret: 32 bytes or more';
export const bearer = issuerOf('bearer', bearerSecret);
export const cxone = issuerOf('cxone', cxoneSecret);

/** The claims of a good token of Ada; a claim of `undefined` is left out. */
export const claims = (overrides: JWTPayload = {}): JWTPayload => ({
  iss: bearer.issuer,
  aud: bearer.audience,
  sub: 'idp|ada',
  org: 'org_acme',
  iat: nowSeconds - 10,
  exp: nowSeconds + 60,
  ...overrides,
});

/** Signs a token of the bearer issuer, unless told otherwise. */
export function sign(overrides: JWTPayload = {}, secret = bearerSecret, header: { typ?: string; alg?: string } = {}) {
  return new SignJWT(claims(overrides))
    .setProtectedHeader({ alg: 'HS256', ...header })
    .sign(new TextEncoder().encode(secret));
}

/** A good token of the CXone issuer. */
export const signCxone = (overrides: JWTPayload = {}) =>
  sign({ iss: cxone.issuer, aud: cxone.audience, ...overrides }, cxoneSecret);

/** A request with these headers, names in lower case. */
export const headers = (...list: [string, string][]): CredentialCarrier => ({ headers: list, apiKeysInQuery: [] });
export const bearerHeader = (token: string) => headers(['authorization', `Bearer ${token}`]);

/** Authenticates against the directory at `now`, with both issuers. */
export const authenticator = (database: Database, options: Partial<AuthenticateOptions['config']> = {}) =>
  createAuthenticate({
    config: { bearer, cxone, allowApiKeyInQuery: false, ...options },
    database,
    clock: () => now,
    guesses: createGuesses({ redis: null, log: pino({ level: 'silent' }) }),
    log: pino({ level: 'silent' }),
  });

/** What a principal comes down to, with its authorities as a list. */
export const summary = (principal: Principal | null) =>
  principal && { ...principal, authorities: [...principal.authorities].sort() };
