import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { credentials, openTestGateway, type TestGateway } from '../support/gateway.js';

const address = 'http://localhost/graphql';
const json = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };
const repeat = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => text(i)).join(' ');

describe('the gateway', () => {
  let served: TestGateway;
  beforeAll(async () => {
    served = await openTestGateway('embedded', {
      CORS_ORIGINS: 'https://admin.test',
      INTROSPECTION: 'authenticated',
      GRAPHIQL: 'basic',
      METRICS: 'basic',
    });
  });
  afterAll(() => served.close());

  const post = (query: string, headers: Record<string, string> = {}) =>
    served.gateway.fetch(address, {
      method: 'POST',
      headers: { ...json, ...headers },
      body: JSON.stringify({ query }),
    });
  const codeOf = async (response: Response) => {
    const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
    return [response.status, errors[0]?.extensions.code];
  };

  it.each([
    ['too long', repeat(600, () => '{a'), 'DOCUMENT_TOO_LONG'],
    ['too deep', `{ user(by: { id: "user_ada" }) ${'{ a '.repeat(13)}${'}'.repeat(13)} }`, 'DOCUMENT_TOO_DEEP'],
    ['too broad', `{ ${repeat(16, (i) => `a${i}: __typename`)} }`, 'TOO_MANY_ROOT_FIELDS'],
    ['full of aliases', `{ viewer { ${repeat(31, (i) => `a${i}: __typename`)} } }`, 'TOO_MANY_ALIASES'],
    ['about the schema, from nobody known', '{ __schema { description } }', 'GRAPHQL_VALIDATION_FAILED'],
  ])('refuses a document that is %s', async (_what, query, code) => {
    expect(await codeOf(await post(query))).toEqual([400, code]);
  });

  it('tells a known caller about the schema', async () => {
    expect((await post('{ __schema { description } }', credentials.administratorKey)).status).toBe(200);
  });

  it('refuses bodies that are too large or not JSON, and queries by GET without their header', async () => {
    const send = (headers: Record<string, string>, body: string) =>
      served.gateway.fetch(address, { method: 'POST', headers, body });
    expect(await codeOf(await send(json, 'x'.repeat(300_000)))).toEqual([413, 'BODY_TOO_LARGE']);
    expect(await codeOf(await send({ 'content-type': 'text/plain' }, '{}'))).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    expect(await codeOf(await served.gateway.fetch(`${address}?query={viewer{credential}}`))).toEqual([
      403,
      'CSRF_HEADER_MISSING',
    ]);
  });

  it('gives every answer its trace id, and listed origins theirs', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const { headers } = await post('{ __typename }', { traceparent, origin: 'https://admin.test' });
    expect(headers.get('x-trace-id')).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(headers.get('access-control-allow-origin')).toBe('https://admin.test');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('answers a wrong credential at the top level of a query, and in the union of a mutation', async () => {
    const wrong = { 'x-api-key': 'wrong' };
    expect(await codeOf(await post('{ viewer { credential } }', wrong))).toEqual([401, 'UNAUTHENTICATED']);
    const { status, ...response } = await post('mutation { startSession { __typename } }', wrong).then(
      async (answer) => ({
        status: answer.status,
        body: await answer.json(),
      }),
    );
    expect([status, response.body]).toEqual([200, { data: { startSession: { __typename: 'UnauthenticatedError' } } }]);
  });

  it('opens GraphiQL and the metrics to a management token by Basic, and to nobody else', async () => {
    const { 'X-Management-Id': id, 'X-Management-Token': token } = credentials.management;
    const authorization = `Basic ${Buffer.from(`${id}:${token}`).toString('base64')}`;
    for (const [url, accept] of [
      [address, 'text/html'],
      ['http://localhost/metrics', '*/*'],
    ] as const) {
      expect((await served.gateway.fetch(url, { headers: { accept } })).status).toBe(401);
      expect(
        (await served.gateway.fetch(url, { headers: { accept, authorization: 'Basic d3Jvbmc6eA==' } })).status,
      ).toBe(401);
      expect((await served.gateway.fetch(url, { headers: { accept, authorization } })).status).toBe(200);
    }
    const metrics = await (
      await served.gateway.fetch('http://localhost/metrics', { headers: { authorization } })
    ).text();
    expect(metrics).toContain('divest_mutations_total{mutation="startSession",outcome="UNAUTHENTICATED"} 1');
  });

  it('is alive and ready, and not ready any more when it is about to stop', async () => {
    const status = async (path: string) => (await served.gateway.fetch(`http://localhost${path}`)).status;
    expect([await status('/health/live'), await status('/health/ready')]).toEqual([200, 200]);
    served.gateway.drain();
    expect([await status('/health/live'), await status('/health/ready')]).toEqual([200, 503]);
  });
});

describe('the gateway with a limit of requests', () => {
  it('answers RateLimitedError in the union, and 429 to queries', async () => {
    const served = await openTestGateway('embedded', { RATE_LIMIT_PER_MINUTE: '2' });
    const dryRun = `mutation { removeGlobalRole(input: { user: { id: "user_mia" }, role: ADMIN, dryRun: true }) {
      __typename ... on RateLimitedError { code httpStatus retryAfterSeconds } } }`;
    const ask = () => served.ask(dryRun, {}, credentials.userManagerKey);
    expect([await ask(), await ask()].map(({ errors }) => errors)).toEqual([undefined, undefined]);
    expect((await ask()).data).toEqual({
      removeGlobalRole: {
        __typename: 'RateLimitedError',
        code: 'RATE_LIMITED',
        httpStatus: 429,
        retryAfterSeconds: expect.any(Number),
      },
    });
    const query = await served.gateway.fetch(address, {
      method: 'POST',
      headers: { ...json, ...credentials.userManagerKey },
      body: '{"query":"{ viewer { credential } }"}',
    });
    expect([query.status, query.headers.get('retry-after')]).toEqual([429, expect.stringMatching(/^\d+$/)]);
    await served.close();
  });
});
