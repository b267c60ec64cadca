import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
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

  const pair = (id: string, token: string) => headers(['x-management-id', id], ['x-management-token', token]);

  describe('a management token', () => {
    it('is nobody in the directory, and acts by its own id', async () => {
      const { principal } = await authenticate(pair('mgmt_ci', secrets.management));
      expect(summary(principal)).toEqual({
        credential: 'MANAGEMENT_TOKEN',
        organization: { id: 'org_acme', name: 'Acme', features: ['MANAGEMENT_API'] },
        user: null,
        actor: 'mgmt_ci',
        claims: [],
        authorities: [],
        tokenIssuedAt: null,
      });
    });

    it('is good without the feature, which the rules ask for, and until the millisecond in which it expires', async () => {
      const { principal } = await authenticate(pair('mgmt_bare', secrets.featurelessManagement));
      expect(principal?.organization).toEqual({ id: 'org_bare', name: 'Bare', features: [] });
    });

    it.each([
      ['a wrong secret', 'mgmt_ci', `${secrets.management}x`],
      ['the secret of another one', 'mgmt_ci', secrets.featurelessManagement],
      ['its hash as the secret', 'mgmt_ci', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
      ['an unknown id', 'mgmt_nobody', secrets.management],
      ['a malformed id', "mgmt_ci' or true --", secrets.management],
      ['the id of something else', 'user_ada', secrets.management],
      ['an id with a NUL character', 'mgmt_ci\0', secrets.management],
      ['an empty id', '', secrets.management],
      ['an empty secret', 'mgmt_ci', ''],
      ['a revoked one', 'mgmt_revoked', secrets.revokedManagement],
      ['one that expires now', 'mgmt_expired', secrets.expiredManagement],
    ])('is refused: %s', async (_, id, token) => {
      const { principal, error } = await authenticate(pair(id, token));
      expect(principal).toBeNull();
      expect(error).toBeInstanceOf(UnauthenticatedError);
    });

    it.each([
      ['x-management-id', 'mgmt_ci'],
      ['x-management-token', secrets.management],
    ])('is refused where only half of it is sent: %s', async (name, value) => {
      expect((await authenticate(headers([name, value]))).error).toBeInstanceOf(UnauthenticatedError);
    });

    it('costs the same statement whether its id is known or not', async () => {
      const query = vi.spyOn(database, 'query');
      await authenticate(pair('mgmt_ci', 'wrong'));
      await authenticate(pair('mgmt_nobody', 'wrong'));
      const [known, unknown] = query.mock.calls.map(([sql]) => sql);
      query.mockRestore();
      expect(known).toBeDefined();
      expect(unknown).toBe(known);
    });

    it('stops working at the request after it was revoked', async () => {
      const [id, token] = ['mgmt_short', secrets.management];
      await database.query(
        `insert into management_tokens (id, organization_id, name, token_hash)
       select $1, organization_id, name, token_hash from management_tokens where id = 'mgmt_ci'`,
        [id],
      );
      expect((await authenticate(pair(id, token))).principal?.actor).toBe(id);
      await database.query('update management_tokens set revoked_at = now() where id = $1', [id]);
      expect((await authenticate(pair(id, token))).error).toBeInstanceOf(UnauthenticatedError);
    });
  });
});
