import { describe, expect, it } from 'vitest';
import { generateSecret, hashSecret, isSecretHash } from '../../src/auth/secrets.js';

describe('a secret', () => {
  it.each(['dvk_', 'dvm_', 'dvs_'] as const)('tells by its first letters what it is for: %s', (prefix) => {
    expect(generateSecret(prefix)).toMatch(new RegExp(`^${prefix}[A-Za-z0-9_-]{43}$`));
  });

  it('is never made twice', () => {
    expect(new Set(Array.from({ length: 1000 }, () => generateSecret('dvk_'))).size).toBe(1000);
  });

  it('is told by its hash', () => {
    expect(isSecretHash('secret', hashSecret('secret'))).toBe(true);
    expect(isSecretHash('Secret', hashSecret('secret'))).toBe(false);
    expect(isSecretHash('', hashSecret('secret'))).toBe(false);
  });

  it.each(['', 'ab', 'not hexadecimal', hashSecret('secret').slice(0, 62)])(
    'is not told by what is no hash: %j',
    (hash) => {
      expect(isSecretHash('secret', hash)).toBe(false);
    },
  );

  it('is hashed as SHA-256', () => {
    expect(hashSecret('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });
});
