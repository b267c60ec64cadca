import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Authenticate } from '../../src/auth/authenticate.js';
import type { Database } from '../../src/database/database.js';
import { UnauthenticatedError } from '../../src/errors.js';
import { databaseKinds, openTestDatabase } from '../support/databases.js';
import { authenticator, bearerHeader, headers, secrets, seedDirectory, summary } from './directory.js';

describe.each(databaseKinds)('on the %s database', (kind) => {
  let database: Database;
  let authenticate: Authenticate;

  beforeAll(async () => {
    database = await openTestDatabase(kind);
    await seedDirectory(database);
    authenticate = await authenticator(database);
  });
  afterAll(() => database.close());

  describe('a session token', () => {
    it('is its user, with all that the directory gives it', async () => {
      expect(summary((await authenticate(bearerHeader(secrets.session))).principal)).toEqual({
        credential: 'SESSION',
        organization: { id: 'org_acme', name: 'Acme', features: ['MANAGEMENT_API'] },
        user: { id: 'user_ada', orgAdmin: true, globalRoles: ['ADMIN', 'ODATA'] },
        actor: 'user_ada',
        claims: [],
        authorities: ['ADMIN', 'ODATA', 'ORG_ADMIN'],
        tokenIssuedAt: null,
      });
    });

    it.each(['bearer', 'BEARER', 'Bearer  '])('is read whatever the scheme’s case and spaces: %j', async (scheme) => {
      const { principal } = await authenticate(headers(['authorization', `${scheme} ${secrets.session}`]));
      expect(principal?.credential).toBe('SESSION');
    });

    it('works where no issuer of bearer tokens is configured', async () => {
      const ask = await authenticator(database, { bearer: null });
      expect((await ask(bearerHeader(secrets.session))).principal?.actor).toBe('user_ada');
    });

    it.each([
      ['an unknown one', 'dvs_unknown-session-of-some-length'],
      ['the prefix alone', 'dvs_'],
      ['an ended one', secrets.endedSession],
      ['one that expires now', secrets.expiredSession],
      ['one that began before its user’s tokens were refused', secrets.outdatedSession],
      ['one of a deactivated user', secrets.sessionOfGone],
      ['an API key', secrets.key],
    ])('is refused: %s', async (_, token) => {
      const { principal, error } = await authenticate(bearerHeader(token));
      expect(principal).toBeNull();
      expect(error).toBeInstanceOf(UnauthenticatedError);
    });

    it('stops working at the request after it was ended', async () => {
      expect((await authenticate(bearerHeader(secrets.session))).error).toBeNull();
      await database.query(`update sessions set ended_at = now() where id = 'sess_ada'`);
      expect((await authenticate(bearerHeader(secrets.session))).error).toBeInstanceOf(UnauthenticatedError);
    });
  });
});
