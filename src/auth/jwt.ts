import { errors, type JWTPayload, jwtVerify } from 'jose';
import type { TokenIssuer } from '../config.js';
import { UnauthenticatedError } from '../errors.js';
import { GlobalRole } from '../generated/prisma/enums.js';
import { loadIssuerKeys } from './jwt-keys.js';
import type { Authority } from './principal.js';

/** What a JWT says, once its signature, issuer, audience and times were found good. */
export interface VerifiedToken {
  readonly subject: string;
  readonly organizationId: string;
  readonly roles: readonly Authority[];
  /** Seconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** Throws UnauthenticatedError, always with the same message, or InternalError where the key server is away. */
export type VerifyToken = (token: string) => Promise<VerifiedToken>;

/** Bytes: larger tokens are refused unread. */
const sizeLimit = 8 * 1024;
/** Seconds by which the clocks of issuer and gateway may differ. */
const clockTolerance = 5;

/** Checks tokens of one issuer. The issuer's secret, if it has one, is loaded before this resolves. */
export async function createVerifyToken(issuer: TokenIssuer, clock: () => Date): Promise<VerifyToken> {
  const { algorithms, getKey } = await loadIssuerKeys(issuer);
  const options = {
    algorithms: [...algorithms],
    issuer: issuer.issuer,
    audience: issuer.audience,
    requiredClaims: ['exp', 'iat', 'sub', 'aud', 'iss'],
    clockTolerance,
  };
  return async (token) => {
    if (token.length > sizeLimit || !isCanonical(token)) {
      throw new UnauthenticatedError();
    }
    const now = clock();
    const { protectedHeader, payload } = await jwtVerify(token, getKey, { ...options, currentDate: now }).catch(refuse);
    if (!isAccessTokenType(protectedHeader.typ) || !isNowValid(payload, now)) {
      throw new UnauthenticatedError();
    }
    return toVerifiedToken(payload, issuer);
  };
}

// Decoders pass over padding and the bits that a last letter has too many. One token has one text: else who blocks or
// remembers it by that wouldn't know it again.
const isCanonical = (token: string) =>
  token.split('.').every((part) => Buffer.from(part, 'base64url').toString('base64url') === part);

// jose also throws TypeError, for a key that doesn't fit the algorithm. An AccessError of ours is passed on.
function refuse(error: unknown): never {
  throw error instanceof errors.JOSEError || error instanceof TypeError ? new UnauthenticatedError() : error;
}

// RFC 8725, 3.11: what an issuer signed for another use, such as a `logout+jwt`, is not an access token.
function isAccessTokenType(typ: unknown): boolean {
  return typ === undefined || (typeof typ === 'string' && /^(application\/)?(at\+)?jwt$/i.test(typ));
}

// jose has checked exp and nbf. An iat in the future, even within the
// tolerance, would outlive tokens_not_before, and so a removal; and JSON's 1e999 is Infinity.
function isNowValid({ exp, iat }: JWTPayload, now: Date): boolean {
  return Number.isFinite(exp) && isNumber(iat) && iat >= 0 && iat <= now.getTime() / 1000;
}

function toVerifiedToken(payload: JWTPayload, issuer: TokenIssuer): VerifiedToken {
  const { sub, iat, exp, [issuer.organizationClaim]: organizationId } = payload;
  if (!isName(sub) || !isName(organizationId) || !isNumber(iat) || !isNumber(exp)) {
    throw new UnauthenticatedError();
  }
  return { subject: sub, organizationId, roles: toRoles(payload[issuer.rolesClaim]), issuedAt: iat, expiresAt: exp };
}

const isNumber = (value: unknown): value is number => typeof value === 'number';
const isString = (value: unknown): value is string => typeof value === 'string';
// The database stores neither NUL nor half a surrogate pair, so it can't be asked for them either.
const isName = (value: unknown): value is string =>
  isString(value) && value !== '' && !value.includes('\0') && value.isWellFormed();

const isAuthority = (role: string): role is Authority => role === 'ORG_ADMIN' || Object.hasOwn(GlobalRole, role);

/** The roles of a claim by their names in the graph. Unknown names are no role, nor is anything but a list of strings. */
function toRoles(claim: unknown): Authority[] {
  return Array.isArray(claim) && claim.every(isString) ? [...new Set(claim)].filter(isAuthority) : [];
}
