import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { grantStatements } from '../../src/database/gateway-role.js';

/** A role of PostgreSQL that a test makes for itself. */
export interface TestRole {
  readonly name: string;
  /** The database, as this role. */
  readonly url: string;
  /** Once the database is gone: a role that something is granted to can't be dropped. */
  readonly drop: () => Promise<void>;
}

/** Makes a role that may log in and nothing else, for the database at `ownerUrl`. */
export async function createRole(ownerUrl: string): Promise<TestRole> {
  const name = `divest_role_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
  await administer(ownerUrl, `create role ${name} login`);
  const url = new URL(ownerUrl);
  url.username = name;
  const server = new URL(ownerUrl);
  server.pathname = '/postgres';
  return { name, url: url.href, drop: () => administer(server.href, `drop role ${name}`) };
}

/** Makes a role that is left with what a gateway needs. */
export async function createGatewayRole(ownerUrl: string): Promise<TestRole> {
  const role = await createRole(ownerUrl);
  const statements = grantStatements(role.name, new URL(ownerUrl).pathname.slice(1));
  await administer(ownerUrl, statements.join(';'));
  return role;
}

/** Runs statements on a connection of their own. */
export async function administer(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
