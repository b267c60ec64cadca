import type { Database } from '../database/database.js';
import { UnauthenticatedError } from '../errors.js';
import { type OrganizationRow, organizationColumn } from './caller-row.js';
import { type CredentialForm, findHeader } from './credential-carrier.js';
import type { Guesses } from './guesses.js';
import { createPrincipal, type Principal } from './principal.js';
import { hashSecret, isSecretHash } from './secrets.js';

const wellFormedId = /^mgmt_[A-Za-z0-9-]{1,64}$/;
const nobodysHash = hashSecret('');

interface Row extends OrganizationRow {
  readonly tokenHash: string;
  readonly usable: boolean;
}

/** What management tokens are checked with. */
export interface ManagementTokenParts {
  readonly database: Database;
  readonly clock: () => Date;
  readonly guesses: Guesses;
}

/**
 * The organization of the management token with this id and secret. Throws UnauthenticatedError where it is unknown,
 * wrong, revoked or expired, and RateLimitedError where the secret is wrong once too often; the right one is never
 * refused for that. An unknown id takes as long as a known one: the same statement, and the comparison of a hash.
 */
export async function getManagementTokenOwner(
  { database, clock, guesses }: ManagementTokenParts,
  id: string,
  token: string,
): Promise<Principal['organization']> {
  if (!wellFormedId.test(id)) {
    throw new UnauthenticatedError();
  }
  const [row] = await database.query<Row>(
    `select ${organizationColumn}, t.token_hash as "tokenHash",
            t.revoked_at is null and coalesce(t.expires_at > $2::timestamptz, true) as usable
     from management_tokens t join organizations o on o.id = t.organization_id
     where t.id = $1`,
    [id, clock().toISOString()],
  );
  if (!isSecretHash(token, row?.tokenHash ?? nobodysHash) || !row) {
    throw await guesses.onWrongSecret(id);
  }
  if (!row.usable) {
    throw new UnauthenticatedError();
  }
  return row.organization;
}

/** The pair X-Management-Id and X-Management-Token. Half a pair is a bad one. */
export function createManagementTokenForm(parts: ManagementTokenParts): CredentialForm {
  return async (carrier) => {
    const id = findHeader(carrier, 'x-management-id');
    const token = findHeader(carrier, 'x-management-token');
    if (id === null && token === null) {
      return null;
    }
    if (!id || !token) {
      throw new UnauthenticatedError();
    }
    return createPrincipal({
      credential: 'MANAGEMENT_TOKEN',
      organization: await getManagementTokenOwner(parts, id, token),
      user: null,
      actor: id,
      claims: [],
      tokenIssuedAt: null,
    });
  };
}
