import { describe, expect, it } from 'vitest';
import type { CredentialCarrier } from '../../src/auth/authenticate.js';
import { ask, createSmallGateway, send } from './small-gateway.js';

const gateway = createSmallGateway();
const wrong = { headers: { authorization: 'Bearer wrong' } };
const away = { headers: { authorization: 'Bearer away' } };
const remove = 'mutation { remove(input: { id: 1 }) { __typename ... on AccessError { code } } }';

describe('a query with a wrong credential', () => {
  it.each(['{ viewer { name } }', '{ __typename }', '{ user { id } viewer { name } }'])(
    '%s is answered with the error and no data',
    async (query) => {
      const { status, headers, body } = await ask(gateway, query, wrong);
      expect(status).toBe(401);
      expect(headers.get('www-authenticate')).toBe('Bearer realm="divest"');
      expect(body.data).toBeUndefined();
      expect(body.errors).toHaveLength(1);
      expect(body.errors[0].extensions).toMatchObject({ code: 'UNAUTHENTICATED', retryable: false });
    },
  );

  it('says that the gateway cannot answer where the key server is away', async () => {
    const { status, body } = await ask(gateway, '{ viewer { name } }', away);
    expect([status, body.errors[0].extensions.code, body.errors[0].extensions.retryable]).toEqual([
      503,
      'UNAVAILABLE',
      true,
    ]);
  });

  it('is refused whatever the caller accepts', async () => {
    const headers = { ...wrong.headers, accept: 'application/json' };
    expect((await ask(gateway, '{ viewer { name } }', { headers })).status).toBe(401);
  });
});

describe('a mutation with a wrong credential', () => {
  it('is answered in its union, with 200', async () => {
    const { status, body } = await ask(gateway, remove, wrong);
    expect([status, body]).toEqual([
      200,
      { data: { remove: { __typename: 'UnauthenticatedError', code: 'UNAUTHENTICATED' } } },
    ]);
  });
});

describe('a caller', () => {
  const seen: CredentialCarrier[] = [];
  const watched = createSmallGateway({
    authenticate: async (carrier) => {
      seen.push(carrier);
      return { principal: null, error: null };
    },
  });

  it('is authenticated once a request, whatever the document holds', async () => {
    seen.length = 0;
    await ask(watched, '{ viewer { name } a: viewer { name } user { id } }');
    expect(seen).toHaveLength(1);
  });

  it('is authenticated by headers and by every api_key of the address', async () => {
    seen.length = 0;
    const headers = { 'content-type': 'application/json', 'X-API-Key': 'k' };
    await send(
      watched,
      { method: 'POST', headers, body: '{"query":"{viewer{name}}"}' },
      '/graphql?api_key=a&api_key=b',
    );
    expect(seen[0]?.apiKeysInQuery).toEqual(['a', 'b']);
    expect(seen[0]?.headers).toContainEqual(['x-api-key', 'k']);
  });

  it('is not looked up for what is no GraphQL request', async () => {
    seen.length = 0;
    await send(watched, {}, '/health/live');
    await send(watched, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' });
    await send(watched, {});
    expect(seen).toHaveLength(0);
  });
});
