import type { Database } from '../database/database.js';
import { UnauthenticatedError } from '../errors.js';
import { organizationColumn, type UserRow, userColumn } from './caller-row.js';
import { type CredentialCarrier, type CredentialForm, findHeader } from './credential-carrier.js';
import { createRowLookup } from './lookups.js';
import { createPrincipal } from './principal.js';
import { hashSecret } from './secrets.js';

const sql = `
  select asked.place, ${organizationColumn}, ${userColumn}
  from jsonb_to_recordset($1::jsonb) as asked(place integer, hash text, now timestamptz)
  join api_keys k on k.key_hash = asked.hash
  join users u on u.id = k.user_id join organizations o on o.id = k.organization_id
  where k.revoked_at is null and coalesce(k.expires_at > asked.now, true) and u.active`;

/**
 * The header X-API-Key, or `?api_key=` where the setting allows it: URLs end up in logs and histories. The caller is
 * the key's user. Keys are found by their hash: what a guess could learn from the time that takes is the beginning of
 * a SHA-256, which leads to no key.
 */
export function createApiKeyForm(database: Database, clock: () => Date, allowInQuery: boolean): CredentialForm {
  const findRow = createRowLookup<{ hash: string; now: Date }, UserRow>(database, sql);
  return async (carrier) => {
    const key = findApiKey(carrier, allowInQuery);
    if (key === null) {
      return null;
    }
    const row = await findRow({ hash: hashSecret(key), now: clock() });
    if (!row) {
      throw new UnauthenticatedError();
    }
    return createPrincipal({ ...row, credential: 'API_KEY', actor: row.user.id, claims: [], tokenIssuedAt: null });
  };
}

function findApiKey(carrier: CredentialCarrier, allowInQuery: boolean): string | null {
  const [inQuery = null] = carrier.apiKeysInQuery;
  if (inQuery !== null && !allowInQuery) {
    throw new UnauthenticatedError('An API key is not accepted in the query string: send it as X-API-Key.');
  }
  return findHeader(carrier, 'x-api-key') ?? inQuery;
}
