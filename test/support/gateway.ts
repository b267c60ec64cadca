import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { pino } from 'pino';
import { loadConfig } from '../../src/config.js';
import type { Database } from '../../src/database/database.js';
import { demoCredentials } from '../../src/demo/credentials.js';
import { loadDemo } from '../../src/demo/demo.js';
import { createGateway, type Gateway, type GatewayParts } from '../../src/gateway.js';
import { type DatabaseKind, openTestDatabase } from './databases.js';
import { rememberRows } from './reset.js';
import { reach } from './ways-in.js';

const issuer = 'https://issuer.test';
const audience = 'divest-test';
const secret = 'the secret of the test issuer, 32 bytes or more';

/** The issuer of {@link bearer}, as settings; and no limit of requests. */
export const testSettings = {
  RATE_LIMIT_PER_MINUTE: '0',
  JWT_ISSUER: issuer,
  JWT_AUDIENCE: audience,
  JWT_SECRET: secret,
};

/** A result as it comes over the wire. */
export interface Result {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly { message: string; path?: readonly unknown[]; extensions?: Record<string, unknown> }[];
}

export type Headers = Readonly<Record<string, string>>;

/** A gateway on a database of its own, with the demo organization. */
export interface TestGateway {
  readonly gateway: Gateway;
  readonly database: Database;
  /** Sends an operation as a client would, and reads the whole answer. */
  ask(document: string, variables: object, headers: Headers): Promise<Result>;
  /** Brings the database back to the demo organization as it was. */
  reset(): Promise<void>;
  /** The rows of a statement, as plain objects. */
  rows(sql: string, ...parameters: unknown[]): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** A gateway on a database that others use too. */
export type ServedGateway = Omit<TestGateway, 'reset'>;

/** The credentials of the demo, as headers. */
export const credentials = {
  none: {},
  management: {
    'X-Management-Id': demoCredentials.managementToken.id,
    'X-Management-Token': demoCredentials.managementToken.token,
  },
  /** Of an organization without the management API. */
  basicManagement: {
    'X-Management-Id': demoCredentials.basicManagementToken.id,
    'X-Management-Token': demoCredentials.basicManagementToken.token,
  },
  administratorKey: { 'X-API-Key': demoCredentials.administratorKey.key },
  userManagerKey: { 'X-API-Key': demoCredentials.userManagerKey.key },
  plainUserKey: { 'X-API-Key': demoCredentials.plainUserKey.key },
} as const satisfies Record<string, Headers>;

/** A bearer token of the configured issuer; an administrator's unless told otherwise. */
export async function bearer(
  subject: string = demoCredentials.administrator,
  { roles = ['ORG_ADMIN'], organization = 'org_demo', issuedAt = Date.now() / 1000 } = {},
): Promise<Headers> {
  const token = await new SignJWT({ roles, org: organization })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(subject)
    .setIssuedAt(Math.floor(issuedAt))
    .setExpirationTime(Math.floor(issuedAt) + 3600)
    .sign(new TextEncoder().encode(secret));
  return { Authorization: `Bearer ${token}` };
}

/** Makes a gateway for tests. `env` is what its settings differ in; without a limit of requests unless one is given. */
export async function openTestGateway(
  kind: DatabaseKind,
  env: Readonly<Record<string, string>> = {},
): Promise<TestGateway> {
  const database = await openTestDatabase(kind);
  await loadDemo(database);
  const served = await serveDatabase(database, env);
  return {
    ...served,
    reset: await rememberRows(database),
    close: async () => {
      await served.close();
      await database.close();
    },
  };
}

/** A further gateway on a database that somebody else closes. */
export async function serveDatabase(
  database: Database,
  env: Readonly<Record<string, string>> = {},
  { log = pino({ level: 'silent' }), clock = () => new Date() }: Partial<Pick<GatewayParts, 'log' | 'clock'>> = {},
): Promise<ServedGateway> {
  const dataDir = await mkdtemp(join(tmpdir(), 'divest-test-'));
  const config = loadConfig({ DIVEST_DATA_DIR: dataDir, ...testSettings, ...env });
  const gateway = await createGateway({ config, database, clock, log });
  return {
    gateway,
    database,
    ask: async (query, variables, headers) => {
      const response = await reach(gateway, 'http://localhost/graphql', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        body: JSON.stringify({ query, variables }),
      });
      return (await response.json()) as Result;
    },
    rows: (sql, ...parameters) => database.query<Record<string, unknown>>(sql, parameters),
    close: async () => {
      await gateway.close();
      await rm(dataDir, { recursive: true });
    },
  };
}
