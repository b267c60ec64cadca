import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Authenticate } from '../../src/auth/authenticate.js';
import type { Database } from '../../src/database/database.js';
import { UnauthenticatedError } from '../../src/errors.js';
import { databaseKinds, openTestDatabase } from '../support/databases.js';
import { authenticator, headers, secrets, seedDirectory, summary } from './directory.js';

describe.each(databaseKinds)('on the %s database', (kind) => {
  let database: Database;
  let authenticate: Authenticate;

  beforeAll(async () => {
    database = await openTestDatabase(kind);
    await seedDirectory(database);
    authenticate = await authenticator(database);
  });
  afterAll(() => database.close());

  const ada = {
    credential: 'API_KEY',
    organization: { id: 'org_acme', name: 'Acme', features: ['MANAGEMENT_API'] },
    user: { id: 'user_ada', orgAdmin: true, globalRoles: ['ADMIN', 'ODATA'] },
    actor: 'user_ada',
    claims: [],
    authorities: ['ADMIN', 'ODATA', 'ORG_ADMIN'],
    tokenIssuedAt: null,
  };

  describe('an API key', () => {
    it('is its user, with all that the directory gives it', async () => {
      expect(summary((await authenticate(headers(['x-api-key', secrets.key]))).principal)).toEqual(ada);
    });

    it('works in the query string where that is allowed', async () => {
      const ask = await authenticator(database, { allowApiKeyInQuery: true });
      expect(summary((await ask({ headers: [], apiKeysInQuery: [secrets.key] })).principal)).toEqual(ada);
    });

    it('does not work in the query string by default', async () => {
      const { principal, error } = await authenticate({ headers: [], apiKeysInQuery: [secrets.key] });
      expect(principal).toBeNull();
      expect(error?.message).toBe('An API key is not accepted in the query string: send it as X-API-Key.');
    });

    it.each([
      ['an unknown one', 'dvk_unknown-key-of-some-length'],
      ['a session token', secrets.session],
      ['a management token', secrets.management],
      ['a revoked one', secrets.revokedKey],
      ['one that expires now', secrets.expiredKey],
      ['one of a deactivated user', secrets.keyOfGone],
      ['two that a proxy joined', `${secrets.key}, ${secrets.key}`],
      ['one with another letter case', secrets.key.toUpperCase()],
    ])('is refused: %s', async (_, key) => {
      const { principal, error } = await authenticate(headers(['x-api-key', key]));
      expect(principal).toBeNull();
      expect(error).toBeInstanceOf(UnauthenticatedError);
    });

    it('follows its user: what was taken away is gone at the next request', async () => {
      await database.query(`update users set global_roles = '{}', org_admin = false where id = 'user_ada'`);
      const { principal } = await authenticate(headers(['x-api-key', secrets.key]));
      expect(principal?.authorities.size).toBe(0);
      await database.query(`update users set active = false where id = 'user_ada'`);
      expect((await authenticate(headers(['x-api-key', secrets.key]))).error).toBeInstanceOf(UnauthenticatedError);
    });
  });
});
