import { describe, expect, it } from 'vitest';
import { createSmallGateway, send } from './small-gateway.js';

const listed = 'https://admin.test';
const gateway = createSmallGateway({ config: { corsOrigins: [listed, 'https://other.test'] } });
const corsHeaders = (headers: Headers) => [...headers.keys()].filter((name) => name.startsWith('access-control-'));
const query = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"query":"{viewer{name}}"}' };
const from = (origin: string, init: RequestInit = query, path?: string) =>
  send(gateway, { ...init, headers: { ...(init.headers as Record<string, string>), origin } }, path);
const preflight = {
  method: 'OPTIONS',
  headers: {
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'content-type,x-management-token',
  },
};

describe('a page of another site', () => {
  it('may read answers where its origin is listed', async () => {
    const { headers } = await from(listed);
    expect(headers.get('access-control-allow-origin')).toBe(listed);
    expect(headers.get('access-control-expose-headers')).toContain('X-Trace-Id');
    expect(headers.get('access-control-allow-credentials')).toBeNull();
    expect(headers.get('vary')).toContain('Origin');
  });

  it.each([
    'https://evil.test',
    'http://admin.test',
    'https://admin.test:8443',
    'https://admin.test.evil.test',
    'null',
    '*',
    '',
  ])('may not where its origin is %s: it gets no CORS header at all', async (origin) => {
    for (const init of [query, preflight]) {
      expect(corsHeaders((await from(origin, init)).headers)).toEqual([]);
    }
  });

  it('is told in the preflight what it may send', async () => {
    const { status, headers } = await from(listed, preflight);
    expect(status).toBe(204);
    const allowed = headers.get('access-control-allow-headers')?.toLowerCase().split(', ');
    const needed = [
      'content-type',
      'authorization',
      'x-management-id',
      'x-management-token',
      'x-api-key',
      'x-cxone-authorization',
    ];
    expect(allowed).toEqual(expect.arrayContaining([...needed, 'x-graphql-yoga-csrf', 'apollo-require-preflight']));
    expect(headers.get('access-control-allow-methods')).toBe('GET, POST');
  });

  it('reads refusals too, where its origin is listed', async () => {
    const { status, headers } = await from(listed, { method: 'PUT' });
    expect([status, headers.get('access-control-allow-origin')]).toEqual([405, listed]);
  });

  it('may not at all where no origin is listed', async () => {
    const closed = createSmallGateway();
    const { headers } = await send(closed, { ...query, headers: { ...query.headers, origin: listed } });
    expect(corsHeaders(headers)).toEqual([]);
  });
});

describe('a query by GET', () => {
  const path = '/graphql?query={viewer{name}}';

  it.each(['x-graphql-yoga-csrf', 'apollo-require-preflight'])('is answered with the header %s', async (name) => {
    const { status, body } = await send(gateway, { headers: { [name]: '1' } }, path);
    expect([status, body]).toEqual([200, { data: { viewer: { name: 'Ann' } } }]);
  });

  it('is refused without, and told what it needs: any page could make a browser send it', async () => {
    const { status, body } = await send(gateway, {}, path);
    expect(body.errors[0].message).toMatch(/needs the header X-GraphQL-Yoga-CSRF or Apollo-Require-Preflight/);
    expect([status, body.errors[0].extensions.code]).toEqual([403, 'CSRF_HEADER_MISSING']);
  });
});
