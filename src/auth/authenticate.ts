import type { Logger } from 'pino';
import type { Config } from '../config.js';
import type { Database } from '../database/database.js';
import { isUnavailable } from '../database/failures.js';
import { AccessError, InternalError, UnauthenticatedError } from '../errors.js';
import { createApiKeyForm } from './api-key.js';
import { createBearerTokenForm } from './bearer-token.js';
import type { CredentialCarrier, CredentialForm } from './credential-carrier.js';
import { createCxoneTokenForm } from './cxone-token.js';
import type { Guesses } from './guesses.js';
import { createVerifyToken } from './jwt.js';
import { createFindTokenPrincipal } from './jwt-principal.js';
import { createManagementTokenForm } from './management-token.js';
import type { Principal } from './principal.js';
import { createSessionTokenForm } from './session-token.js';
import { rememberTokens } from './verified-tokens.js';

export type { CredentialCarrier } from './credential-carrier.js';

/** Who is calling. Both are null where no credential was presented; a bad one is an error, never an anonymous caller. */
export interface Authentication {
  readonly principal: Principal | null;
  readonly error: AccessError | null;
}

/** Never rejects. Failures are logged with the trace id of the request. */
export type Authenticate = (carrier: CredentialCarrier, traceId?: string) => Promise<Authentication>;

export interface AuthenticateOptions {
  readonly config: Pick<Config, 'bearer' | 'cxone' | 'allowApiKeyInQuery'>;
  readonly database: Database;
  readonly clock: () => Date;
  readonly guesses: Guesses;
  readonly log: Logger;
}

/**
 * Makes the one place where credentials are checked. A request costs one SQL statement at most, where it
 * presents a well-formed credential, and none otherwise. Rejects where the development issuer's secret can't be loaded.
 */
export async function createAuthenticate(options: AuthenticateOptions): Promise<Authenticate> {
  const forms = await createForms(options);
  return async (carrier, traceId) => {
    try {
      const principal = isPresented(carrier) ? await findPrincipal(forms, carrier) : null;
      return { principal, error: null };
    } catch (error) {
      return { principal: null, error: toAccessError(error, options.log, traceId) };
    }
  };
}

async function createForms({ config, database, clock, guesses }: AuthenticateOptions): Promise<CredentialForm[]> {
  const { bearer, cxone } = config;
  const verifyBearer = bearer && rememberTokens(await createVerifyToken(bearer, clock), clock);
  const verifyCxone = cxone && rememberTokens(await createVerifyToken(cxone, clock), clock);
  return [
    createManagementTokenForm({ database, clock, guesses }),
    createSessionTokenForm(database, clock),
    createBearerTokenForm(verifyBearer && createFindTokenPrincipal(database, verifyBearer, 'BEARER')),
    createApiKeyForm(database, clock, config.allowApiKeyInQuery),
    createCxoneTokenForm(verifyCxone && createFindTokenPrincipal(database, verifyCxone, 'CXONE')),
  ];
}

/** The headers that hold a credential, and which: two of them are halves of one. */
const credentialOf: Readonly<Record<string, string>> = {
  authorization: 'authorization',
  'x-management-id': 'management token',
  'x-management-token': 'management token',
  'x-api-key': 'API key',
  'x-cxone-authorization': 'CXone token',
};

/** The names of the headers that can hold a credential, in lower case. */
export const credentialHeaders: ReadonlySet<string> = new Set(Object.keys(credentialOf));

// Which of two credentials counts is a guess that proxies and gateways make differently, so none does.
function isPresented({ headers, apiKeysInQuery }: CredentialCarrier): boolean {
  const names = headers.map(([name]) => name).filter((name) => Object.hasOwn(credentialOf, name));
  const credentials = new Set(names.map((name) => credentialOf[name]));
  if (names.length > new Set(names).size || credentials.size + apiKeysInQuery.length > 1) {
    throw new UnauthenticatedError('More than one credential was presented: send exactly one, and each header once.');
  }
  return credentials.size + apiKeysInQuery.length > 0;
}

async function findPrincipal(forms: readonly CredentialForm[], carrier: CredentialCarrier): Promise<Principal> {
  for (const form of forms) {
    const principal = await form(carrier);
    if (principal) {
      return principal;
    }
  }
  // Presented, and no form's: Basic, an unknown scheme, an empty value.
  throw new UnauthenticatedError();
}

function toAccessError(error: unknown, log: Logger, traceId: string | undefined): AccessError {
  const answer =
    error instanceof AccessError ? error : new InternalError(isUnavailable(error) ? 'UNAVAILABLE' : 'INTERNAL');
  if (answer instanceof InternalError) {
    log.error({ traceId, code: answer.code, err: error }, 'a credential could not be checked');
  }
  return answer;
}
