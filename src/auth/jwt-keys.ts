import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import type { TokenIssuer } from '../config.js';
import { InternalError } from '../errors.js';
import { loadDevelopmentSecret } from './development-issuer.js';

/** What the tokens of an issuer are checked with: a shared secret or public keys, and the algorithms for just those. */
interface IssuerKeys {
  readonly algorithms: readonly string[];
  readonly getKey: JWTVerifyGetKey;
}

const publicKeyAlgorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

/** Loads the keys of an issuer: its secret now, its key set (JWKS) when the first token comes. */
export async function loadIssuerKeys({ key }: TokenIssuer): Promise<IssuerKeys> {
  if ('jwksUrl' in key) {
    return { algorithms: publicKeyAlgorithms, getKey: createKeySet(new URL(key.jwksUrl)) };
  }
  const secret = 'secret' in key ? Buffer.from(key.secret) : await loadDevelopmentSecret(key.developmentSecretIn);
  const imported = await crypto.subtle.importKey(
    'raw',
    new Uint8Array(secret),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['verify'],
  );
  return { algorithms: ['HS256'], getKey: async () => imported };
}

const timeoutMs = 3_000;
const cooldownMs = 10_000;
const cooldownAfterFailureMs = 1_000;
const longestMs = 600_000;

// A key that is not in the set has the set fetched again, but not within the cooldown: forged tokens must not make the
// gateway flood the key server. jose has none after a failure, when the key server can bear a flood least of all; ours
// is short, so that tokens are good again soon. jose follows no redirect.
function createKeySet(url: URL): JWTVerifyGetKey {
  let failedAt = Number.NEGATIVE_INFINITY;
  const keySet = createRemoteJWKSet(url, {
    ...{ timeoutDuration: timeoutMs, cooldownDuration: cooldownMs, cacheMaxAge: longestMs },
    [customFetch]: (address, options) => {
      if (Date.now() - failedAt < cooldownAfterFailureMs) {
        throw new InternalError('UNAVAILABLE');
      }
      return fetch(address, options);
    },
  });
  return async (header, token) => {
    try {
      return await keySet(header, token);
    } catch (error) {
      if (isTokensFault(error)) {
        throw error;
      }
      if (!(error instanceof InternalError)) {
        failedAt = Date.now();
      }
      throw new InternalError('UNAVAILABLE');
    }
  };
}

/** Whether the key server answered well, and the token names no key of its set; the rest is the key server's fault. */
const isTokensFault = (error: unknown) =>
  error instanceof errors.JWKSNoMatchingKey ||
  error instanceof errors.JWKSMultipleMatchingKeys ||
  error instanceof errors.JOSENotSupported;
