import { describe, expect, it } from 'vitest';
import { parseTraceparent } from '../../src/http/trace-id.js';
import { ask, createSmallGateway, send } from './small-gateway.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
const gateway = createSmallGateway({ config: { corsOrigins: ['https://admin.test'] } });

describe('the trace id', () => {
  it('is that of a well-formed traceparent', async () => {
    const { headers } = await ask(gateway, '{ viewer { name } }', { headers: { traceparent } });
    expect(headers.get('x-trace-id')).toBe(traceId);
  });

  it.each([['of a later version, with more fields', `cc-${traceId}-b7ad6b7169203331-01-what-the-future-will-be-like`]])(
    'is taken from a traceparent %s',
    (_what, header) => {
      expect(parseTraceparent(header)).toBe(traceId);
    },
  );

  it.each([
    ['missing', null],
    ['empty', ''],
    ['in capitals', traceparent.toUpperCase()],
    ['of zeros', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`],
    ['with a parent of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['of the forbidden version', `ff-${traceId}-b7ad6b7169203331-01`],
    ['of version 00 with more fields', `${traceparent}-more`],
    ['too short', `00-${traceId.slice(1)}-b7ad6b7169203331-01`],
    ['twice in one header', `${traceparent}, ${traceparent}`],
    ['with a line break', `${traceparent}\n{"level":50}`],
  ])('is not taken from a traceparent that is %s', (_what, header) => {
    expect(parseTraceparent(header)).toBeNull();
  });

  it('is new and different for each request otherwise', async () => {
    const headers = { traceparent: '00-nonsense' };
    const [first, second] = await Promise.all([
      ask(gateway, '{ viewer { name } }', { headers }),
      ask(gateway, '{ viewer { name } }', { headers }),
    ]);
    expect(first.headers.get('x-trace-id')).toMatch(/^[0-9a-f]{32}$/);
    expect(first.headers.get('x-trace-id')).not.toBe(second.headers.get('x-trace-id'));
  });

  it.each([
    ['an answer', { method: 'POST', body: '{"query":"{viewer{name}}"}' }, '/graphql'],
    ['a refusal', { method: 'POST', body: 'x' }, '/graphql'],
    ['a preflight', { method: 'OPTIONS' }, '/graphql'],
    ['a health route', {}, '/health/live'],
    ['an unknown address', {}, '/nowhere'],
  ])('is on %s', async (_what, init, path) => {
    const headers = { 'content-type': 'application/json', traceparent };
    expect((await send(gateway, { ...init, headers }, path)).headers.get('x-trace-id')).toBe(traceId);
  });

  it('is in every top-level error', async () => {
    const { body } = await ask(gateway, '{ nowhere }', { headers: { traceparent } });
    expect(body.errors[0].extensions.traceId).toBe(traceId);
  });
});

describe('every response', () => {
  it.each(['/graphql', '/health/live', '/metrics', '/nowhere'])(
    'of %s is kept by no cache and read as nothing else',
    async (path) => {
      const { headers } = await send(gateway, {}, path);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('vary')).toContain('Origin');
      expect(headers.get('x-powered-by')).toBeNull();
    },
  );
});
