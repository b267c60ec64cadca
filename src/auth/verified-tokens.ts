import { hash } from 'node:crypto';
import type { VerifiedToken, VerifyToken } from './jwt.js';

/** Some 5 MB. The oldest make room: they would be forgotten soon anyway. */
const mostTokens = 10_000;
/** As long as the keys of an issuer are kept (jwt-keys.ts): a key that it took back lives on for both at most. */
const longestMs = 600_000;

interface Remembered {
  readonly token: VerifiedToken;
  readonly until: number;
}

/**
 * Checks tokens, and remembers the good ones until they expire: a signature doesn't change, and checking it is the
 * dearest part of a small request. What can change, whether the subject is still let in, is asked at every request by
 * whoever uses the token. A bad token is never remembered. Kept under a digest, so that no memory dump holds tokens.
 */
export function rememberTokens(verify: VerifyToken, clock: () => Date): VerifyToken {
  const remembered = new Map<string, Remembered>();
  return async (text) => {
    const key = hash('sha256', text, 'base64url');
    const now = clock().getTime();
    const known = remembered.get(key);
    if (known && now < known.until) {
      return known.token;
    }
    const token = await verify(text);
    remembered.delete(key);
    remembered.set(key, { token, until: Math.min(token.expiresAt * 1000, now + longestMs) });
    makeRoom(remembered);
    return token;
  };
}

function makeRoom(remembered: Map<string, Remembered>): void {
  const [oldest] = remembered.size > mostTokens ? remembered.keys() : [];
  if (oldest !== undefined) {
    remembered.delete(oldest);
  }
}
