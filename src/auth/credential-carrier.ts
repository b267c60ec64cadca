import { UnauthenticatedError } from '../errors.js';
import type { Principal } from './principal.js';

/** The parts of a request that can hold a credential. */
export interface CredentialCarrier {
  /** Every header in the order of arrival, names in lower case, duplicates kept. */
  readonly headers: readonly (readonly [string, string])[];
  /** The values of api_key in the query string. */
  readonly apiKeysInQuery: readonly string[];
}

/**
 * One way of showing who is calling: answers null where the request holds nothing of this form, the principal where
 * the credential is good, and throws an AccessError where it is this form's and bad.
 */
export type CredentialForm = (carrier: CredentialCarrier) => Promise<Principal | null>;

/** The value of a header that is there once at most; null where it is not there. */
export function findHeader({ headers }: CredentialCarrier, name: string): string | null {
  return headers.find(([candidate]) => candidate === name)?.[1] ?? null;
}

// RFC 6750: the scheme in any case, one space or more, and a token of these characters.
const bearer = /^bearer(?: +(.*))?$/i;
const token = /^[A-Za-z0-9._~+/-]+=*$/;

/**
 * The token of a header such as `Bearer eyJ…`; null where the header is not there or has another scheme. Throws
 * UnauthenticatedError where the scheme is followed by anything but one token.
 */
export function findBearerToken(carrier: CredentialCarrier, name: string): string | null {
  const match = bearer.exec(findHeader(carrier, name) ?? '');
  if (!match) {
    return null;
  }
  const [, found = ''] = match;
  if (!token.test(found)) {
    throw new UnauthenticatedError();
  }
  return found;
}
