import type { Database } from '../database/database.js';
import { UnauthenticatedError } from '../errors.js';
import { type OrganizationRow, organizationColumn, userColumn } from './caller-row.js';
import type { VerifiedToken, VerifyToken } from './jwt.js';
import { createRowLookup } from './lookups.js';
import { type CallerUser, createPrincipal, type Principal } from './principal.js';

/** The principal of a JWT. Throws UnauthenticatedError where it is not good, or not good any more. */
export type FindTokenPrincipal = (token: string) => Promise<Principal>;

interface Row extends OrganizationRow {
  readonly user: CallerUser | null;
  readonly refused: boolean;
}

// Tokens say when they were issued in whole seconds, tokens_not_before in milliseconds: one that was issued in the same
// second is refused, whether before or after. The function start_session compares in the same way.
const sql = `
  select asked.place, ${organizationColumn}, ${userColumn},
         not coalesce(u.active, true) or coalesce(to_timestamp(asked."issuedAt") < u.tokens_not_before, false) as refused
  from jsonb_to_recordset($1::jsonb)
    as asked(place integer, "organizationId" text, subject text, "issuedAt" double precision)
  join organizations o on o.id = asked."organizationId"
  left join users u on u.organization_id = o.id and u.subject = asked.subject`;

/**
 * Looks the organization and the subject of verified tokens up in the directory. A subject that is not there is a
 * caller with the roles of its token only; a deactivated user is none.
 */
export function createFindTokenPrincipal(
  database: Database,
  verify: VerifyToken,
  credential: 'BEARER' | 'CXONE',
): FindTokenPrincipal {
  const findRow = createRowLookup<Pick<VerifiedToken, 'organizationId' | 'subject' | 'issuedAt'>, Row>(database, sql);
  return async (token) => {
    const verified = await verify(token);
    const { organizationId, subject, issuedAt } = verified;
    const row = await findRow({ organizationId, subject, issuedAt });
    if (!row || row.refused) {
      throw new UnauthenticatedError();
    }
    return createPrincipal({
      credential,
      organization: row.organization,
      user: row.user,
      // A subject may look like the id of a user or a management token that it isn't.
      actor: row.user?.id ?? `subject:${verified.subject}`,
      claims: verified.roles,
      tokenIssuedAt: verified.issuedAt,
    });
  };
}
