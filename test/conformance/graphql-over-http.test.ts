import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestGateway, type TestGateway } from '../support/gateway.js';

let served: TestGateway;
beforeAll(async () => {
  served = await openTestGateway('embedded');
});
afterAll(() => served.close());

const audits = serverAudits({
  url: 'http://localhost/graphql',
  // The audits send their queries by GET bare; here they carry the header that keeps other sites out.
  fetchFn: (url: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    if ((init.method ?? 'GET') === 'GET') {
      headers.set('x-graphql-yoga-csrf', '1');
    }
    return served.gateway.fetch(url, { ...init, headers: Object.fromEntries(headers) });
  },
});

describe('GraphQL over HTTP', () => {
  it('is audited whole', () => {
    expect(audits.length).toBeGreaterThan(50);
  });

  for (const { id, name, fn } of audits) {
    it(`${id}: ${name}`, async () => {
      const { status, ...result } = await fn();
      expect({ status, reason: 'reason' in result ? result.reason : null }).toEqual({ status: 'ok', reason: null });
    });
  }
});
