import { hashSecret } from '../auth/secrets.js';
import type { Database } from '../database/database.js';
import { importSource } from '../import/import.js';
import { demoCredentials } from './credentials.js';
import { demoDirectory } from './organization.js';

/** The database of a production gateway accepts secrets that are published with this program. */
export class PublicSecretsError extends Error {
  constructor(ids: readonly string[]) {
    super(
      `This database accepts the demo organization's credentials ${ids.join(', ')}, whose secrets everyone knows. ` +
        'In production, use another database, or revoke each with: divest revoke-credential ID',
    );
    this.name = 'PublicSecretsError';
  }
}

/**
 * Makes the demo organization ready where it belongs: on an embedded database that is empty, outside production.
 * Answers whether it is there. Throws {@link PublicSecretsError} in production where its secrets would work.
 */
export async function prepareDemo(database: Database, production: boolean): Promise<boolean> {
  if (production) {
    await refusePublicSecrets(database);
    return false;
  }
  if (database.kind === 'embedded' && (await isEmpty(database))) {
    await loadDemo(database);
  }
  return hasDemo(database);
}

/** Loads the demo organization. Loading it again brings it back to how it was, but for what was revoked. */
export async function loadDemo(database: Database): Promise<void> {
  const bytes = Buffer.from(JSON.stringify(demoDirectory));
  await importSource(database, { chunks: [bytes], size: bytes.length });
}

async function isEmpty(database: Database): Promise<boolean> {
  const rows = await database.query('select 1 from organizations limit 1');
  return rows.length === 0;
}

async function hasDemo(database: Database): Promise<boolean> {
  const rows = await database.query('select 1 from organizations where id = $1', [demoCredentials.organization]);
  return rows.length > 0;
}

const publicSecrets = [
  ...demoDirectory.managementTokens.map(({ token }) => token),
  ...demoDirectory.apiKeys.map(({ key }) => key),
].flatMap((secret) => secret ?? []);

async function refusePublicSecrets(database: Database): Promise<void> {
  const rows = await database.query<{ id: string }>(
    `select id from management_tokens where token_hash = any($1) and revoked_at is null
     union all select id from api_keys where key_hash = any($1) and revoked_at is null
     order by id`,
    [publicSecrets.map(hashSecret)],
  );
  if (rows.length > 0) {
    throw new PublicSecretsError(rows.map(({ id }) => id));
  }
}
