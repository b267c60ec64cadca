import { afterEach, describe, expect, it } from 'vitest';
import type { UpstreamSystem } from '../../src/errors.js';
import { GlobalRole } from '../../src/generated/prisma/enums.js';
import { toAddress } from '../../src/upstreams/address.js';
import { globalRolePattern } from '../../src/upstreams/cognigy/grammar.js';
import { databaseKinds, openTestDatabase } from '../support/databases.js';
import { type FakeUpstream, startFakeUpstream } from '../support/upstreams.js';
import { calls, connect, traceId } from './connect.js';

let upstream: FakeUpstream;
afterEach(() => upstream?.close());

describe('a removal', () => {
  it.each([
    [
      'VOUCHERIFY',
      ['DELETE', '/management/v1/projects/proj_TrlkLiH4/users/user_v18mvPOjOXE5733eO4cAz8k1pn492wKK', undefined],
      { 'x-management-id': 'voucherify-id', 'x-management-token': 'voucherify-token' },
    ],
    [
      'ENTRYGUARD',
      [
        ...['DELETE', '/api/v1/roles/550e8400-e29b-41d4-a716-446655440000/users/770e8400-e29b-41d4-a716-446655440003'],
        undefined,
      ],
      { authorization: 'Bearer entryguard-token' },
    ],
    [
      'COGNIGY',
      ['POST', '/new/v2.0/users/5ce7c2d833ea1e04d7e6c432/removerolefromuser', { role: 'userManager' }],
      { 'x-api-key': 'cognigy-key', 'content-type': 'application/json', 'content-length': '22' },
    ],
  ] as const)(
    'of %s is sent as documented, with the gateway’s credential and nothing else',
    async (system, sent, own) => {
      upstream = await startFakeUpstream(system);
      await connect(system, upstream.url).remove();
      expect(upstream.requests.map(({ method, path, body }) => [method, path, body])).toEqual([[...sent]]);
      const { traceparent, ...headers } = upstream.requests[0]?.headers ?? {};
      expect(headers).toEqual({
        ...{ accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'divest' },
        ...{ host: new URL(upstream.url).host, connection: 'keep-alive' },
        ...own,
      });
      expect(traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
    },
  );
});

describe('a grant', () => {
  it.each([
    [
      'VOUCHERIFY',
      'POST',
      '/management/v1/projects/proj_TrlkLiH4/users',
      { id: calls.VOUCHERIFY.userId, role: 'VIEWER' },
    ],
    [
      ...['ENTRYGUARD', 'POST'],
      ...['/api/v1/roles/550e8400-e29b-41d4-a716-446655440000/users/770e8400-e29b-41d4-a716-446655440003', undefined],
    ],
    ['COGNIGY', 'POST', '/new/v2.0/users/5ce7c2d833ea1e04d7e6c432/addroletouser', { role: 'userManager' }],
  ] as [UpstreamSystem, string, string, unknown][])(
    'of %s is sent as documented',
    async (system, method, path, body) => {
      upstream = await startFakeUpstream(system);
      await connect(system, upstream.url).connector.grant(calls[system], { traceId });
      expect(upstream.requests).toMatchObject([{ method, path, body }]);
    },
  );

  it('of Voucherify names a user by its login where it has no id', async () => {
    upstream = await startFakeUpstream('VOUCHERIFY');
    const call = { targetId: 'proj_1', userId: 'ada+x@acme.test', projectRole: 'ADMIN' };
    await connect('VOUCHERIFY', upstream.url).connector.grant(call, { traceId });
    expect(upstream.requests).toMatchObject([{ body: { login: 'ada+x@acme.test', role: 'ADMIN' } }]);
    expect(upstream.projectRoles.get('proj_1 ada+x@acme.test')).toBe('ADMIN');
  });

  it.each([
    [400, 'VOUCHERIFY', { code: 400, key: 'user_already_assigned', message: 'x' }],
    [409, 'ENTRYGUARD', { status: 409, message: 'User already assigned to this role' }],
  ] as const)('of what is there is no failure: %i of %s', async (status, system, body) => {
    upstream = await startFakeUpstream(system);
    upstream.respondWith(() => ({ status, body }));
    const { connector } = connect(system, upstream.url);
    expect(await connector.grant(calls[system], { traceId })).toMatchObject({ kind: 'ALREADY_THERE' });
  });
});

const wellFormed: readonly (readonly [UpstreamSystem, string, string])[] = [
  ['VOUCHERIFY', 'ada+x@acme.test', 'ada%2Bx%40acme.test'],
  ['VOUCHERIFY', 'jürgen@acme.test', 'j%C3%BCrgen%40acme.test'],
  ['VOUCHERIFY', "o'neill;v=1@acme.test", "o'neill%3Bv%3D1%40acme.test"],
  ['VOUCHERIFY', '...', '...'],
  ['VOUCHERIFY', '.x', '.x'],
  ['VOUCHERIFY', 'x'.repeat(254), 'x'.repeat(254)],
  ['ENTRYGUARD', '770E8400-E29B-41D4-A716-446655440003', '770E8400-E29B-41D4-A716-446655440003'],
];
const malformed: readonly (readonly [UpstreamSystem, string])[] = [
  ...['', '.', '..', 'a/b', '../x', 'a\\b', '%2e%2e', '%2F', 'a?b', 'a#b', 'a b', 'a\nb', 'a\tb', 'x'.repeat(255)].map(
    (id) => ['VOUCHERIFY', id] as const,
  ),
  ...['user_ada', '', '770e8400', '{770e8400-e29b-41d4-a716-446655440003}', '770e8400e29b41d4a716446655440003'].map(
    (id) => ['ENTRYGUARD', id] as const,
  ),
  ['ENTRYGUARD', '770e8400-e29b-41d4-a716-446655440003\n'],
  ...['5CE7C2D833EA1E04D7E6C432', '5ce7c2d833ea1e04d7e6c43', '5ce7c2d833ea1e04d7e6c4321', '..'].map(
    (id) => ['COGNIGY', id] as const,
  ),
];

describe('an id', () => {
  it.each(wellFormed)('of %s is encoded into one segment: %s', async (system, userId, segment) => {
    upstream = await startFakeUpstream(system);
    const { connector } = connect(system, upstream.url);
    await connector.remove({ ...calls[system], userId }, { traceId });
    expect(upstream.requests.map(({ path }) => path.split('/').at(-1))).toEqual([segment]);
    expect(upstream.requests[0]?.path.split('/')).toHaveLength(system === 'VOUCHERIFY' ? 7 : 7);
  });

  it.each(malformed)('that %s can’t have is refused and never sent: %j', async (system, userId) => {
    upstream = await startFakeUpstream(system);
    const { connector, lines } = connect(system, upstream.url);
    for (const operation of ['remove', 'grant'] as const) {
      expect(await connector[operation]({ ...calls[system], userId }, { traceId })).toMatchObject({
        ...{ kind: 'REFUSED', code: 'UPSTREAM_REJECTED' },
      });
    }
    expect(upstream.requests).toEqual([]);
    expect(lines).toMatchObject([{ level: 50, reason: 'NOT_SENT UNSAFE', attempts: 0 }, {}]);
  });

  it.each([
    ['VOUCHERIFY', 'proj/x'],
    ['VOUCHERIFY', '..'],
    ['ENTRYGUARD', 'role_ops'],
    ['COGNIGY', 'ADMIN'],
    ['COGNIGY', 'admin|x'],
  ] as const)('of a target that %s can’t have is refused and never sent: %s', async (system, targetId) => {
    upstream = await startFakeUpstream(system);
    const { connector } = connect(system, upstream.url);
    expect(await connector.remove({ ...calls[system], targetId }, { traceId })).toMatchObject({
      ...{ kind: 'REFUSED', code: 'UPSTREAM_REJECTED' },
    });
    expect(upstream.requests).toEqual([]);
  });

  it('of a global role is known for each that the gateway has', () => {
    const pattern = new RegExp(globalRolePattern, 'u');
    // The spelling of the REST API is camel case, but for one.
    const spelling = (role: string) =>
      role === 'BASE_ROLE' ? 'base_role' : role.toLowerCase().replace(/_(.)/g, (_, letter) => letter.toUpperCase());
    const roles = Object.keys(GlobalRole).map(spelling);
    expect(roles).toHaveLength(15);
    expect(roles.filter((role) => !pattern.test(role))).toEqual([]);
  });
});

describe.each(databaseKinds)('the grammar of ids, read by %s', (kind) => {
  it('is the same as here', async () => {
    const database = await openTestDatabase(kind);
    const ids = [...wellFormed.map(([system, id]) => [system, id] as const), ...malformed];
    const patterns = ids.map(([system]) => connect(system, 'http://localhost:1').connector.userPattern);
    const rows = await database.query<{ fits: boolean }>(
      'select id ~ pattern as fits from unnest($1::text[], $2::text[]) with ordinality as t(id, pattern, at) order by at',
      [ids.map(([, id]) => id), patterns],
    );
    await database.close();
    expect(rows.map(({ fits }) => fits)).toEqual(ids.map((_, i) => i < wellFormed.length));
  });
});

describe('an address', () => {
  it.each([
    ['https://api.test', ['a', 'b'], 'https://api.test/a/b'],
    ['https://api.test/new/', ['v2.0', 'x'], 'https://api.test/new/v2.0/x'],
    ['https://api.test', ['a/b'], 'https://api.test/a%2Fb'],
    ['https://api.test', ['%2e%2e'], 'https://api.test/%252e%252e'],
    ['https://api.test', ['ada+x@acme.test'], 'https://api.test/ada%2Bx%40acme.test'],
  ])('below %s has each of %j as one segment', (base, segments, expected) => {
    expect(toAddress(base, segments)?.href).toBe(expected);
  });

  it.each([[['..']], [['a', '..', 'b']], [['.']], [['']], [['a', '']], [['\ud800']]])('is none for %j', (segments) => {
    expect(toAddress('https://api.test/base', segments)).toBeNull();
  });
});
