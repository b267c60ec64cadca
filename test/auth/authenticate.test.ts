import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Authenticate, type CredentialCarrier, createAuthenticate } from '../../src/auth/authenticate.js';
import { createGuesses } from '../../src/auth/guesses.js';
import type { Database } from '../../src/database/database.js';
import { InternalError, UnauthenticatedError } from '../../src/errors.js';
import { createLogger } from '../../src/log.js';
import { databaseKinds, openTestDatabase } from '../support/databases.js';
import { authenticator, bearer, headers, now, secrets, seedDirectory, sign, signCxone } from './directory.js';

describe.each(databaseKinds)('on the %s database', (kind) => {
  let database: Database;
  let authenticate: Authenticate;

  beforeAll(async () => {
    database = await openTestDatabase(kind);
    await seedDirectory(database);
    authenticate = await authenticator(database);
  });
  afterAll(() => database.close());

  const pair = [
    ['x-management-id', 'mgmt_ci'],
    ['x-management-token', secrets.management],
  ] satisfies [string, string][];

  /** Every credential in its good form. */
  const good: Record<string, () => Promise<CredentialCarrier>> = {
    'management token': async () => headers(...pair),
    'bearer token': async () => headers(['authorization', `Bearer ${await sign()}`]),
    'session token': async () => headers(['authorization', `Bearer ${secrets.session}`]),
    'API key': async () => headers(['x-api-key', secrets.key]),
    'CXone token': async () => headers(['x-cxone-authorization', `Bearer ${await signCxone()}`]),
    'API key in the query string': async () => ({ headers: [], apiKeysInQuery: [secrets.key] }),
  };
  const names = Object.keys(good);
  const present = (name: string) => good[name]?.() ?? Promise.reject(new Error(name));
  const merge = (one: CredentialCarrier, other: CredentialCarrier): CredentialCarrier => ({
    headers: [...one.headers, ...other.headers],
    apiKeysInQuery: [...one.apiKeysInQuery, ...other.apiKeysInQuery],
  });
  const pairs = names.flatMap((one, index) => names.slice(index + 1).map((other) => [one, other] as const));

  /** A database that fails in this way, and counts how often it was asked. */
  const failing = (error: unknown) => {
    const query = vi.fn(() => Promise.reject(error));
    return { database: { ...database, query } as Database, query };
  };

  describe('a request without a credential', () => {
    it('is anonymous, and costs no statement', async () => {
      const broken = failing(new Error('asked'));
      const ask = await authenticator(broken.database);
      const carrier = headers(['host', 'localhost'], ['accept', '*/*'], ['accept', 'text/html'], ['cookie', 'a=b']);
      expect(await ask(carrier)).toEqual({ principal: null, error: null });
      expect(broken.query).not.toHaveBeenCalled();
    });
  });

  describe('one good credential', () => {
    it.each(names)('costs one statement: %s', async (name) => {
      const query = vi.spyOn(database, 'query');
      const ask = await authenticator(database, { allowApiKeyInQuery: true });
      const { principal, error } = await ask(await present(name));
      expect(error).toBeNull();
      expect(principal?.organization.id).toBe('org_acme');
      expect(query).toHaveBeenCalledTimes(1);
      query.mockRestore();
    });

    it.each(names)('makes a principal that nothing can change: %s', async (name) => {
      const ask = await authenticator(database, { allowApiKeyInQuery: true });
      const { principal } = await ask(await present(name));
      if (!principal) {
        throw new Error('no principal');
      }
      const parts = [principal, principal.organization, principal.organization.features, principal.claims];
      const own = principal.user ? [principal.user, principal.user.globalRoles] : [];
      for (const part of [...parts, ...own, principal.authorities]) {
        expect(Object.isFrozen(part)).toBe(true);
      }
      const held = principal.authorities.size;
      expect(() => (principal.authorities as Set<string>).add('ORG_ADMIN')).toThrow(TypeError);
      expect(() => (principal.authorities as Set<string>).clear()).toThrow(TypeError);
      expect(() => (principal.authorities as Set<string>).delete('ADMIN')).toThrow(TypeError);
      expect(principal.authorities.size).toBe(held);
    });
  });

  describe('more than one credential', () => {
    it.each(pairs)('is refused without asking the database: %s and %s', async (one, other) => {
      const broken = failing(new Error('asked'));
      const ask = await authenticator(broken.database, { allowApiKeyInQuery: true });
      const { principal, error } = await ask(merge(await present(one), await present(other)));
      expect(principal).toBeNull();
      expect(error).toBeInstanceOf(UnauthenticatedError);
      expect(error?.message).toContain('exactly one');
      expect(broken.query).not.toHaveBeenCalled();
    });

    it.each(names)('is refused where it is the same one twice: %s', async (name) => {
      const ask = await authenticator(database, { allowApiKeyInQuery: true });
      const carrier = await present(name);
      expect((await ask(merge(carrier, carrier))).error).toBeInstanceOf(UnauthenticatedError);
    });

    it.each(['x-management-id', 'x-management-token'])('is refused where half a pair comes twice: %s', async (name) => {
      const half = pair.filter(([candidate]) => candidate === name);
      expect((await authenticate(headers(...pair, ...half))).error).toBeInstanceOf(UnauthenticatedError);
    });

    it('is refused where one of them is empty', async () => {
      const carrier = merge(await present('management token'), headers(['x-api-key', '']));
      expect((await authenticate(carrier)).error).toBeInstanceOf(UnauthenticatedError);
    });
  });

  describe('a credential that is none', () => {
    const encoded = Buffer.from(`mgmt_ci:${secrets.management}`).toString('base64');
    it.each([
      ['an empty Authorization', 'authorization', ''],
      ['a scheme alone', 'authorization', 'Bearer'],
      ['a scheme and a space', 'authorization', 'Bearer '],
      ['a scheme and two tokens', 'authorization', 'Bearer one two'],
      ['two values that a proxy joined', 'authorization', `Bearer ${secrets.session}, Bearer ${secrets.session}`],
      ['a token without its scheme', 'authorization', secrets.session],
      ['a scheme and a tab', 'authorization', `Bearer\t${secrets.session}`],
      ['an unknown scheme', 'authorization', `Digest ${secrets.session}`],
      ['a scheme that only begins like Bearer', 'authorization', `BearerX ${secrets.session}`],
      ['a scheme before the scheme', 'authorization', `Token Bearer ${secrets.session}`],
      ['Basic with a good management token', 'authorization', `Basic ${encoded}`],
      ['an empty management id', 'x-management-id', ''],
      ['an empty management token', 'x-management-token', ''],
      ['an empty API key', 'x-api-key', ''],
      ['an empty CXone token', 'x-cxone-authorization', ''],
      ['a CXone token of another scheme', 'x-cxone-authorization', `Basic ${encoded}`],
      ['a session token as a CXone token', 'x-cxone-authorization', `Bearer ${secrets.session}`],
    ])('is refused, not taken for anonymous: %s', async (_, name, value) => {
      const { principal, error } = await authenticate(headers([name, value]));
      expect(principal).toBeNull();
      expect(error).toBeInstanceOf(UnauthenticatedError);
    });

    it('costs no statement where it is not even well-formed', async () => {
      const query = vi.spyOn(database, 'query');
      await authenticate(headers(['authorization', `Bearer ${secrets.session} ${secrets.session}`]));
      await authenticate(
        headers(['x-management-id', "mgmt_ci' or true --"], ['x-management-token', secrets.management]),
      );
      expect(query).not.toHaveBeenCalled();
      query.mockRestore();
    });

    it('is refused with a hint where it is an API key in the query string, which is off', async () => {
      const { error } = await authenticate({ headers: [], apiKeysInQuery: [secrets.key] });
      expect(error).toBeInstanceOf(UnauthenticatedError);
      expect(error?.message).toContain('X-API-Key');
    });

    it.each([[['']], [[secrets.key, 'another']]])('is refused in the query string: %j', async (apiKeysInQuery) => {
      const ask = await authenticator(database, { allowApiKeyInQuery: true });
      expect((await ask({ headers: [], apiKeysInQuery })).error).toBeInstanceOf(UnauthenticatedError);
    });

    it('is refused whatever it is made of', async () => {
      const header = fc.constantFrom(
        'authorization',
        'x-management-id',
        'x-management-token',
        'x-api-key',
        'x-cxone-authorization',
      );
      const value = fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.string().map((text) => `Bearer ${text}`),
        fc.base64String().map((text) => `Bearer eyJhbGciOiJIUzI1NiJ9.${text}.${text}`),
        fc.string().map((text) => `Basic ${Buffer.from(text).toString('base64')}`),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(header, value), { minLength: 1, maxLength: 3 }), async (list) => {
          const { principal, error } = await authenticate(headers(...list));
          expect(principal).toBeNull();
          expect(error).toBeInstanceOf(UnauthenticatedError);
        }),
        { numRuns: 300 },
      );
    });
  });

  describe('a database that cannot answer', () => {
    const unavailable = Object.assign(new Error('connect ECONNREFUSED 10.1.2.3:5432'), { code: 'ECONNREFUSED' });
    const withDatabase = (error: unknown, write: (line: string) => void = () => {}) =>
      createAuthenticate({
        config: { bearer, cxone: null, allowApiKeyInQuery: true },
        database: failing(error).database,
        clock: () => now,
        guesses: createGuesses({ redis: null, log: createLogger({ logLevel: 'silent' }) }),
        log: createLogger({ logLevel: 'info' }, { write }),
      });

    it.each(names.filter((name) => name !== 'CXone token'))('makes nobody anonymous: %s', async (name) => {
      const ask = await withDatabase(unavailable);
      const { principal, error } = await ask(await present(name));
      expect(principal).toBeNull();
      expect(error).toBeInstanceOf(InternalError);
      expect(error?.code).toBe('UNAVAILABLE');
    });

    it('is told from one that broke', async () => {
      const ask = await withDatabase(new Error('column "x" does not exist'));
      expect((await ask(await present('API key'))).error?.code).toBe('INTERNAL');
    });

    it('is logged once, without the secret, the statement or the host', async () => {
      const lines: string[] = [];
      const ask = await withDatabase(unavailable, (line) => lines.push(line));
      await ask(await present('API key'));
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain('UNAVAILABLE');
      for (const leak of [secrets.key, '10.1.2.3', 'select', '    at ']) {
        expect(lines[0]).not.toContain(leak);
      }
    });

    it('is logged with the trace id of the request', async () => {
      const lines: string[] = [];
      const ask = await withDatabase(unavailable, (line) => lines.push(line));
      await ask(await present('API key'), 'abc');
      expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ traceId: 'abc', code: 'UNAVAILABLE' }]);
    });

    it('says nothing in the log of a credential that is merely wrong', async () => {
      const lines: string[] = [];
      const ask = await withDatabase(unavailable, (line) => lines.push(line));
      await ask(headers(['authorization', 'Digest x']));
      expect(lines).toEqual([]);
    });
  });
});
