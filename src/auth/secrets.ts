import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** What a secret is for can be told from its first letters, by a person and by a scanner for leaked secrets. */
export type SecretPrefix = 'dvk_' | 'dvm_' | 'dvs_';

/** A new secret: an API key (`dvk_`), a management token (`dvm_`) or a session token (`dvs_`) of 256 random bits. */
export function generateSecret(prefix: SecretPrefix): string {
  return prefix + randomBytes(32).toString('base64url');
}

/**
 * The form in which a secret is stored: its SHA-256 in hexadecimal. A slow hash would add nothing: secrets are random,
 * not chosen by people, and every request pays for it.
 */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('hex');
}

/** Whether `candidate` is the secret that `hash` was made of. Takes the same time wherever the two differ. */
export function isSecretHash(candidate: string, hash: string): boolean {
  const [given, stored] = [Buffer.from(hashSecret(candidate), 'hex'), Buffer.from(hash, 'hex')];
  return given.length === stored.length && timingSafeEqual(given, stored);
}
