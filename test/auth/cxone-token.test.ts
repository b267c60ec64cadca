import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Authenticate } from '../../src/auth/authenticate.js';
import type { Database } from '../../src/database/database.js';
import { UnauthenticatedError } from '../../src/errors.js';
import { openTestDatabase } from '../support/databases.js';
import { authenticator, headers, nowSeconds, seedDirectory, sign, signCxone, summary } from './directory.js';

let database: Database;
let authenticate: Authenticate;

beforeAll(async () => {
  database = await openTestDatabase('embedded');
  await seedDirectory(database);
  authenticate = await authenticator(database);
});
afterAll(() => database.close());

const cxoneHeader = (value: string) => headers(['x-cxone-authorization', value]);

describe('a CXone token', () => {
  it('is its user, with the roles of its claim; the directory’s ORG_ADMIN flag does not count', async () => {
    const token = await signCxone({ roles: ['USER_MANAGER'] });
    expect(summary((await authenticate(cxoneHeader(`Bearer ${token}`))).principal)).toEqual({
      credential: 'CXONE',
      organization: { id: 'org_acme', name: 'Acme', features: ['MANAGEMENT_API'] },
      user: { id: 'user_ada', orgAdmin: true, globalRoles: ['ADMIN', 'ODATA'] },
      actor: 'user_ada',
      claims: ['USER_MANAGER'],
      authorities: ['ADMIN', 'ODATA', 'USER_MANAGER'],
      tokenIssuedAt: nowSeconds - 10,
    });
  });

  it('may say that it is an administrator’s', async () => {
    const { principal } = await authenticate(cxoneHeader(`Bearer ${await signCxone({ roles: ['ORG_ADMIN'] })}`));
    expect(principal?.authorities.has('ORG_ADMIN')).toBe(true);
  });

  it.each([
    ['a bearer token', async () => `Bearer ${await sign()}`],
    ['an expired one', async () => `Bearer ${await signCxone({ exp: nowSeconds - 60 })}`],
    ['one of a deactivated user', async () => `Bearer ${await signCxone({ sub: 'idp|gone' })}`],
    ['one without a scheme', () => signCxone()],
    ['one of another scheme', async () => `Token ${await signCxone()}`],
  ])('is refused: %s', async (_, value) => {
    const { principal, error } = await authenticate(cxoneHeader(await value()));
    expect(principal).toBeNull();
    expect(error).toBeInstanceOf(UnauthenticatedError);
  });

  it('is refused as a bearer token', async () => {
    const { error } = await authenticate(headers(['authorization', `Bearer ${await signCxone()}`]));
    expect(error).toBeInstanceOf(UnauthenticatedError);
  });

  it('is refused where no CXone issuer is configured', async () => {
    const ask = await authenticator(database, { cxone: null });
    expect((await ask(cxoneHeader(`Bearer ${await signCxone()}`))).error).toBeInstanceOf(UnauthenticatedError);
  });
});
