import { beforeEach, describe, expect, it, vi } from 'vitest';
import { rememberTokens } from '../../src/auth/verified-tokens.js';
import { UnauthenticatedError } from '../../src/errors.js';

const start = Date.parse('2026-11-25T12:00:00Z');
let now: number;
const clock = () => new Date(now);
const tokenUntil = (expiresAt: number) => ({
  ...{ subject: 'user_ada', organizationId: 'org_acme', roles: [], issuedAt: start / 1000 - 60, expiresAt },
});

describe('tokens that were found good', () => {
  beforeEach(() => {
    now = start;
  });

  it('are checked once, and again when they have expired', async () => {
    const verify = vi.fn(async () => tokenUntil(start / 1000 + 60));
    const remember = rememberTokens(verify, clock);
    const first = await remember('a.b.c');
    now += 59_999;
    expect(await remember('a.b.c')).toBe(first);
    expect(verify).toHaveBeenCalledTimes(1);
    now += 1;
    verify.mockRejectedValue(new UnauthenticatedError());
    await expect(remember('a.b.c')).rejects.toThrow(UnauthenticatedError);
  });

  it('are checked again after ten minutes: the issuer may have taken its key back', async () => {
    const verify = vi.fn(async () => tokenUntil(start / 1000 + 86_400));
    const remember = rememberTokens(verify, clock);
    await remember('a.b.c');
    now += 600_000;
    await remember('a.b.c');
    expect(verify).toHaveBeenCalledTimes(2);
  });

  it('say nothing of others, nor of bad ones', async () => {
    const verify = vi.fn(async (token: string) => {
      if (token !== 'a.b.good') {
        throw new UnauthenticatedError();
      }
      return tokenUntil(start / 1000 + 60);
    });
    const remember = rememberTokens(verify, clock);
    await remember('a.b.good');
    for (const token of ['a.b.bad', 'a.b.bad', 'a.b.good2']) {
      await expect(remember(token)).rejects.toThrow(UnauthenticatedError);
    }
    expect(verify).toHaveBeenCalledTimes(4);
  });

  it('are not kept without end', async () => {
    const verify = vi.fn(async () => tokenUntil(start / 1000 + 60));
    const remember = rememberTokens(verify, clock);
    for (let i = 0; i <= 10_000; i++) {
      await remember(`a.b.${i}`);
    }
    await remember('a.b.10000');
    expect(verify).toHaveBeenCalledTimes(10_001);
    await remember('a.b.0');
    expect(verify).toHaveBeenCalledTimes(10_002);
  });
});
