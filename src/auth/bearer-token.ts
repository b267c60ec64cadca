import { UnauthenticatedError } from '../errors.js';
import { type CredentialForm, findBearerToken } from './credential-carrier.js';
import type { FindTokenPrincipal } from './jwt-principal.js';
import { isSessionToken } from './session-token.js';

/** `Authorization: Bearer` with a JWT of the configured issuer. Without an issuer every one is bad. */
export function createBearerTokenForm(findPrincipal: FindTokenPrincipal | null): CredentialForm {
  return async (carrier) => {
    const token = findBearerToken(carrier, 'authorization');
    if (token === null || isSessionToken(token)) {
      return null;
    }
    if (!findPrincipal) {
      throw new UnauthenticatedError();
    }
    return findPrincipal(token);
  };
}
