import { createHmac, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Authenticate } from '../../src/auth/authenticate.js';
import type { Database } from '../../src/database/database.js';
import { UnauthenticatedError } from '../../src/errors.js';
import { databaseKinds, openTestDatabase } from '../support/databases.js';
import {
  authenticator,
  bearer,
  bearerHeader,
  bearerSecret,
  claims,
  cutSeconds,
  headers,
  nowSeconds,
  seedDirectory,
  sign,
  signCxone,
  summary,
} from './directory.js';

describe.each(databaseKinds)('on the %s database', (kind) => {
  let database: Database;
  let authenticate: Authenticate;

  beforeAll(async () => {
    database = await openTestDatabase(kind);
    await seedDirectory(database);
    authenticate = await authenticator(database);
  });
  afterAll(() => database.close());

  const principalOf = async (token: string) => (await authenticate(bearerHeader(token))).principal;

  const encode = (value: unknown) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  /** A token put together by hand, signed with the issuer's secret whatever it says. */
  function assemble(header: unknown, payload: unknown, hash = 'sha256') {
    const input = `${encode(header)}.${encode(payload)}`;
    return `${input}.${createHmac(hash, bearerSecret).update(input).digest('base64url')}`;
  }
  const unsigned = (alg: string) => `${encode({ alg })}.${encode(claims())}.`;
  const without = (claim: string) => sign({ [claim]: undefined });

  describe('a bearer token', () => {
    it('is its subject in the directory; the ORG_ADMIN flag of the directory does not count', async () => {
      expect(summary(await principalOf(await sign({ roles: ['USER_MANAGER'] })))).toEqual({
        credential: 'BEARER',
        organization: { id: 'org_acme', name: 'Acme', features: ['MANAGEMENT_API'] },
        user: { id: 'user_ada', orgAdmin: true, globalRoles: ['ADMIN', 'ODATA'] },
        actor: 'user_ada',
        claims: ['USER_MANAGER'],
        authorities: ['ADMIN', 'ODATA', 'USER_MANAGER'],
        tokenIssuedAt: nowSeconds - 10,
      });
    });

    it('may be of a subject that the directory does not know: it has the roles of its claim', async () => {
      expect(summary(await principalOf(await sign({ sub: 'idp|stranger', roles: ['ORG_ADMIN'] })))).toMatchObject({
        user: null,
        actor: 'subject:idp|stranger',
        authorities: ['ORG_ADMIN'],
      });
    });

    it.each(['user_ada', 'mgmt_ci'])('can’t pass for %s in the record by its subject', async (sub) => {
      const principal = await principalOf(await sign({ sub }));
      expect(principal?.user).toBeNull();
      expect(principal?.actor).not.toBe(sub);
    });

    it('belongs to the organization of its claim alone', async () => {
      const principal = await principalOf(await sign({ org: 'org_bare' }));
      expect(principal?.organization.id).toBe('org_bare');
      expect(principal?.user).toBeNull();
    });

    it.each([
      ['a list of audiences', { aud: ['other', bearer.audience] }],
      ['an expiry within the tolerance', { exp: nowSeconds - 4 }],
      ['a beginning within the tolerance', { nbf: nowSeconds + 5 }],
      ['an issue date of this second', { iat: nowSeconds }],
      ['an issue date with a fraction', { iat: nowSeconds - 0.5 }],
      ['claims that mean nothing here', { scope: 'x', azp: 'y', user_id: 'user_bob', credential: 'MANAGEMENT_TOKEN' }],
    ] satisfies [string, JWTPayload][])('is good with %s', async (_, overrides) => {
      expect((await principalOf(await sign(overrides)))?.actor).toBe('user_ada');
    });

    it.each(['JWT', 'jwt', 'at+jwt', 'application/at+jwt'])('is good with the type %s', async (typ) => {
      expect((await principalOf(await sign({}, bearerSecret, { typ })))?.actor).toBe('user_ada');
    });

    it.each(['bearer ', 'BEARER ', 'Bearer   '])(
      'is read whatever the scheme’s case and spaces: %j',
      async (scheme) => {
        const { principal } = await authenticate(headers(['authorization', `${scheme}${await sign()}`]));
        expect(principal?.actor).toBe('user_ada');
      },
    );
  });

  describe('the roles claim', () => {
    it.each([
      ['names of the graph', ['ORG_ADMIN', 'USER_DETAILS_VIEWER'], ['ORG_ADMIN', 'USER_DETAILS_VIEWER']],
      ['a name twice', ['ADMIN', 'ADMIN'], ['ADMIN']],
      ['unknown names', ['ROOT', 'org_admin', 'ADMIN ', '', 'ODATA'], ['ODATA']],
      ['names of the REST API', ['admin', 'userManager'], []],
      ['names that every object has', ['constructor', '__proto__', 'toString'], []],
      ['a text', 'ORG_ADMIN', []],
      ['a text with several', 'ORG_ADMIN ADMIN', []],
      ['a list with something else in it', ['ORG_ADMIN', 1], []],
      ['a list of lists', [['ORG_ADMIN']], []],
      ['an object', { ORG_ADMIN: true, 0: 'ORG_ADMIN', length: 1 }, []],
      ['a flag', true, []],
      ['null', null, []],
      ['nothing', undefined, []],
    ])('of %s', async (_, roles, expected) => {
      const principal = await principalOf(await sign({ sub: 'idp|bob', roles }));
      expect(principal?.claims).toEqual(expected);
      expect([...(principal?.authorities ?? [])]).toEqual(expected);
    });

    it('is read under its configured name', async () => {
      const renamed = { ...bearer, rolesClaim: 'https://acme.test/roles', organizationClaim: 'https://acme.test/org' };
      const ask = await authenticator(database, { bearer: renamed });
      const named = { 'https://acme.test/roles': ['ORG_ADMIN'], 'https://acme.test/org': 'org_acme' };
      const token = await sign({ ...named, org: undefined, roles: ['ADMIN'], sub: 'idp|bob' });
      expect((await ask(bearerHeader(token))).principal?.claims).toEqual(['ORG_ADMIN']);
    });
  });

  describe('a bearer token that is not good', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const bySelfMadeKey = () => {
      const input = `${encode({ alg: 'ES256' })}.${encode(claims())}`;
      return `${input}.${signBytes('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
    };

    const forged: [string, () => string | Promise<string>][] = [
      ['signed with another secret', () => sign({}, 'another secret, which is 32 bytes or more')],
      [
        'signed with an empty secret',
        () =>
          `${unsigned('HS256')}${createHmac('sha256', '').update(unsigned('HS256').slice(0, -1)).digest('base64url')}`,
      ],
      ['of the CXone issuer', () => signCxone()],
      ['unsigned: none', () => unsigned('none')],
      ['unsigned: None', () => unsigned('None')],
      ['unsigned: HS256', () => unsigned('HS256')],
      ['signed as none', () => assemble({ alg: 'none' }, claims())],
      ['signed with HS512', () => assemble({ alg: 'HS512' }, claims(), 'sha512')],
      ['with HS384 in its header and HS256 beneath', () => assemble({ alg: 'HS384' }, claims())],
      ['signed with a key of its own', bySelfMadeKey],
      ['with a key of its own in the header', () => assemble({ alg: 'ES256', jwk: { kty: 'EC' } }, claims())],
      ['without an algorithm', () => assemble({}, claims())],
      ['with a list of algorithms', () => assemble({ alg: ['HS256'] }, claims())],
      ['with an unknown critical header', () => assemble({ alg: 'HS256', crit: ['b65'], b65: true }, claims())],
      ['with an unencoded payload', () => assemble({ alg: 'HS256', crit: ['b64'], b64: false }, claims())],
      [
        'with its claims changed',
        async () => (await sign()).replace(/\..*\./, `.${encode(claims({ sub: 'idp|bob' }))}.`),
      ],
      ['truncated', async () => (await sign()).slice(0, -1)],
      ['without its signature', async () => (await sign()).replace(/[^.]*$/, '')],
      ['without its last part', async () => (await sign()).split('.').slice(0, 2).join('.')],
      ['with a fourth part', async () => `${await sign()}.x`],
      ['with five parts, as if encrypted', async () => `${await sign()}.x.y`],
      ['of dots', () => '...'],
      ['of one word', () => 'undefined'],
      ['with a header that is no JSON', () => assemble('{', claims())],
      ['with claims that are no JSON', () => assemble({ alg: 'HS256' }, 'claims')],
      ['with claims that are a list', () => assemble({ alg: 'HS256' }, [claims()])],
      ['with claims that are null', () => assemble({ alg: 'HS256' }, null)],
      ['of more than 8 KB', () => sign({ padding: 'x'.repeat(8192) })],
      ['made for logging out', () => sign({}, bearerSecret, { typ: 'logout+jwt' })],
      ['made for proving possession of a key', () => sign({}, bearerSecret, { typ: 'dpop+jwt' })],
      ['with a type that is no text', () => assemble({ alg: 'HS256', typ: 1 }, claims())],
      ['of another issuer', () => sign({ iss: 'https://evil.test' })],
      ['of an issuer that only begins so', () => sign({ iss: `${bearer.issuer}/` })],
      ['of several issuers', () => assemble({ alg: 'HS256' }, { ...claims(), iss: [bearer.issuer] })],
      ['without an issuer', () => without('iss')],
      ['for another audience', () => sign({ aud: 'other' })],
      ['for no audience', () => sign({ aud: [] })],
      ['without an audience', () => without('aud')],
      ['without an expiry', () => without('exp')],
      ['that expired', () => sign({ exp: nowSeconds - 5 })],
      ['that expired long ago', () => sign({ exp: 0 })],
      ['with an expiry that is a text', () => assemble({ alg: 'HS256' }, { ...claims(), exp: `${nowSeconds + 60}` })],
      [
        'with an expiry that never comes',
        () => assemble({ alg: 'HS256' }, JSON.stringify(claims()).replace(/"exp":\d+/, '"exp":1e999')),
      ],
      ['that is not valid yet', () => sign({ nbf: nowSeconds + 6 })],
      ['with a beginning that is a text', () => assemble({ alg: 'HS256' }, { ...claims(), nbf: 'now' })],
      ['issued in the future', () => sign({ iat: nowSeconds + 6 })],
      ['issued before 1970', () => sign({ iat: -1 })],
      ['issued at no time', () => without('iat')],
      ['issued at null', () => assemble({ alg: 'HS256' }, { ...claims(), iat: null })],
      ['issued at a text', () => assemble({ alg: 'HS256' }, { ...claims(), iat: `${nowSeconds}` })],
      ['without a subject', () => without('sub')],
      ['with an empty subject', () => sign({ sub: '' })],
      ['with a subject that is a number', () => assemble({ alg: 'HS256' }, { ...claims(), sub: 1 })],
      ['with a subject that is a list', () => assemble({ alg: 'HS256' }, { ...claims(), sub: ['idp|ada'] })],
      ['with a NUL in its subject', () => sign({ sub: 'idp|ada\0' })],
      ['with half a character in its subject', () => sign({ sub: 'idp|ada\ud800' })],
      ['of a deactivated user', () => sign({ sub: 'idp|gone', roles: ['ORG_ADMIN'] })],
      ['without an organization', () => without('org')],
      ['with an empty organization', () => sign({ org: '' })],
      ['of an unknown organization', () => sign({ org: 'org_nowhere' })],
      ['of an organization with a NUL', () => sign({ org: 'org_acme\0' })],
      ['of an organization that is a list', () => sign({ org: ['org_acme'] })],
      ['of an organization that is an object', () => sign({ org: { id: 'org_acme' } })],
      ['of an organization that is null', () => sign({ org: null })],
      ['of an organization named by its name', () => sign({ org: 'Acme' })],
    ];

    it.each(forged)('is refused, always alike: %s', async (_, make) => {
      const { principal, error } = await authenticate(bearerHeader(await make()));
      expect(principal).toBeNull();
      expect(error).toBeInstanceOf(UnauthenticatedError);
      expect(error?.message).toBe(new UnauthenticatedError().message);
    });

    it('costs no statement where the token itself shows it', async () => {
      const query = vi.spyOn(database, 'query');
      await authenticate(bearerHeader(await sign({}, 'another secret, which is 32 bytes or more')));
      await authenticate(bearerHeader(await sign({ exp: nowSeconds - 60 })));
      expect(query).not.toHaveBeenCalled();
      query.mockRestore();
    });

    it('is every one where no issuer is configured', async () => {
      const ask = await authenticator(database, { bearer: null });
      expect((await ask(bearerHeader(await sign()))).error).toBeInstanceOf(UnauthenticatedError);
    });
  });

  describe('a token from before its user lost a project', () => {
    const issuedAt = async (iat: number) => authenticate(bearerHeader(await sign({ sub: 'idp|cut', iat })));

    it.each([
      ['an hour before', cutSeconds - 3600],
      ['in the same second', cutSeconds],
      ['a moment before', cutSeconds + 0.399],
    ])('is refused: issued %s', async (_, iat) => {
      expect((await issuedAt(iat)).error).toBeInstanceOf(UnauthenticatedError);
    });

    it('is replaced by one of the next second', async () => {
      expect((await issuedAt(cutSeconds + 1)).principal?.actor).toBe('user_cut');
    });

    it.each([-3600, -1, 0, 0.399, 0.4, 1])('is judged by start_session in the same way: %d s', async (offset) => {
      await database.query(`insert into resources (id, organization_id, name) values ('res_x', 'org_acme', 'X')
      on conflict do nothing`);
      await database.query(`insert into user_resources (organization_id, user_id, resource_id)
      values ('org_acme', 'user_cut', 'res_x') on conflict do nothing`);
      const tokenIssuedAt = cutSeconds + offset;
      const caller = {
        userId: 'user_cut',
        organizationId: 'org_acme',
        credential: 'BEARER',
        claims: [],
        tokenIssuedAt,
      };
      const request = { sessionId: `sess_at${String(offset).replace('.', '-')}`, tokenHash: null, ttlSeconds: 60 };
      const [row] = await database.query<{ answer: { refusal: string | null } }>(
        'select start_session($1::jsonb, $2::jsonb) as answer',
        [JSON.stringify(caller), JSON.stringify(request)],
      );
      const { error } = await issuedAt(tokenIssuedAt);
      expect(row?.answer.refusal ?? null).toBe(error?.code ?? null);
    });
  });
});
