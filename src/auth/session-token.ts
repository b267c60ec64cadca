import type { Database } from '../database/database.js';
import { UnauthenticatedError } from '../errors.js';
import { organizationColumn, type UserRow, userColumn } from './caller-row.js';
import { type CredentialForm, findBearerToken } from './credential-carrier.js';
import { createRowLookup } from './lookups.js';
import { createPrincipal } from './principal.js';
import { hashSecret } from './secrets.js';

const prefix = 'dvs_';

/** Whether a bearer token is one that this gateway issued for a session. No JWT begins like that. */
export const isSessionToken = (token: string) => token.startsWith(prefix);

const sql = `
  select asked.place, ${organizationColumn}, ${userColumn}
  from jsonb_to_recordset($1::jsonb) as asked(place integer, hash text, now timestamptz)
  join sessions s on s.token_hash = asked.hash
  join users u on u.id = s.user_id join organizations o on o.id = s.organization_id
  where s.ended_at is null and s.expires_at > asked.now
    and s.started_at >= coalesce(u.tokens_not_before, '-infinity') and u.active`;

/**
 * `Authorization: Bearer dvs_…`, issued by startSession. The caller's authority is the directory's at this request.
 * Removals end sessions; that a session older than `tokens_not_before` is refused too covers those that the database
 * took for expired while this gateway's clock is behind.
 */
export function createSessionTokenForm(database: Database, clock: () => Date): CredentialForm {
  const findRow = createRowLookup<{ hash: string; now: Date }, UserRow>(database, sql);
  return async (carrier) => {
    const token = findBearerToken(carrier, 'authorization');
    if (token === null || !isSessionToken(token)) {
      return null;
    }
    const row = await findRow({ hash: hashSecret(token), now: clock() });
    if (!row) {
      throw new UnauthenticatedError();
    }
    return createPrincipal({ ...row, credential: 'SESSION', actor: row.user.id, claims: [], tokenIssuedAt: null });
  };
}
