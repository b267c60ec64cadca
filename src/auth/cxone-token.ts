import { UnauthenticatedError } from '../errors.js';
import { type CredentialForm, findBearerToken, findHeader } from './credential-carrier.js';
import type { FindTokenPrincipal } from './jwt-principal.js';

const header = 'x-cxone-authorization';

/** `X-CXone-Authorization: Bearer` with a JWT of the CXone issuer. Without that issuer every one is bad. */
export function createCxoneTokenForm(findPrincipal: FindTokenPrincipal | null): CredentialForm {
  return async (carrier) => {
    if (findHeader(carrier, header) === null) {
      return null;
    }
    const token = findBearerToken(carrier, header);
    if (token === null || !findPrincipal) {
      throw new UnauthenticatedError();
    }
    return findPrincipal(token);
  };
}
