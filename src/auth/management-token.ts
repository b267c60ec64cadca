import type { Database } from '../database/database.js';
import { UnauthenticatedError } from '../errors.js';
import { type OrganizationRow, organizationColumn } from './caller-row.js';
import { type CredentialForm, findHeader } from './credential-carrier.js';
import { createPrincipal, type Principal } from './principal.js';
import { hashSecret, isSecretHash } from './secrets.js';

const wellFormedId = /^mgmt_[A-Za-z0-9-]{1,64}$/;
const nobodysHash = hashSecret('');

interface Row extends OrganizationRow {
  readonly tokenHash: string;
  readonly usable: boolean;
}

/**
 * The organization of the management token with this id and secret; null where it is unknown, wrong, revoked or
 * expired. An unknown id takes as long as a known one: the same statement, and the comparison of a hash.
 */
export async function findManagementTokenOwner(
  database: Database,
  now: Date,
  id: string,
  token: string,
): Promise<Principal['organization'] | null> {
  if (!wellFormedId.test(id)) {
    return null;
  }
  const [row] = await database.query<Row>(
    `select ${organizationColumn}, t.token_hash as "tokenHash",
            t.revoked_at is null and coalesce(t.expires_at > $2::timestamptz, true) as usable
     from management_tokens t join organizations o on o.id = t.organization_id
     where t.id = $1`,
    [id, now.toISOString()],
  );
  const isToken = isSecretHash(token, row?.tokenHash ?? nobodysHash);
  return row?.usable && isToken ? row.organization : null;
}

/** The pair X-Management-Id and X-Management-Token. Half a pair is a bad one. */
export function createManagementTokenForm(database: Database, clock: () => Date): CredentialForm {
  return async (carrier) => {
    const id = findHeader(carrier, 'x-management-id');
    const token = findHeader(carrier, 'x-management-token');
    if (id === null && token === null) {
      return null;
    }
    const organization = id && token ? await findManagementTokenOwner(database, clock(), id, token) : null;
    if (!id || !organization) {
      throw new UnauthenticatedError();
    }
    return createPrincipal({
      credential: 'MANAGEMENT_TOKEN',
      organization,
      user: null,
      actor: id,
      claims: [],
      tokenIssuedAt: null,
    });
  };
}
