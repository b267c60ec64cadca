import { describe, expect, it } from 'vitest';
import { maxBodyBytes, maxUrlLength } from '../../src/http/limits.js';
import { createSmallGateway, send } from './small-gateway.js';

const gateway = createSmallGateway();
const json = { 'content-type': 'application/json' };
const query = JSON.stringify({ query: '{ viewer { name } }' });
const remove = JSON.stringify({ query: 'mutation { remove(input: { id: 1 }) { __typename } }' });

const post = (body: BodyInit | null, headers: Record<string, string> = json) =>
  send(gateway, {
    method: 'POST',
    headers,
    body,
    ...(body instanceof ReadableStream && { duplex: 'half' }),
  } as RequestInit);

/** A body without a length header. */
const stream = (text: string) =>
  new ReadableStream({
    start(controller) {
      for (let i = 0; i < text.length; i += 10_000) {
        controller.enqueue(new TextEncoder().encode(text.slice(i, i + 10_000)));
      }
      controller.close();
    },
  });

const padded = (bytes: number) => query.slice(0, -1).concat(' '.repeat(bytes - query.length), '}');

describe('the body', () => {
  it('may have 256 KB', async () => {
    expect((await post(padded(maxBodyBytes))).status).toBe(200);
    expect((await post(stream(padded(maxBodyBytes)))).status).toBe(200);
  });

  it.each([
    ['with a length header', () => post(padded(maxBodyBytes + 1))],
    ['as a stream', () => post(stream(padded(maxBodyBytes + 1)))],
    ['with a length header alone', () => post('{}', { ...json, 'content-length': String(maxBodyBytes + 1) })],
  ])('may not have one byte more %s', async (_how, attempt) => {
    const { status, body, headers } = await attempt();
    expect(status).toBe(413);
    expect(body.errors[0].extensions.code).toBe('BODY_TOO_LARGE');
    expect(headers.get('content-type')).toContain('application/json');
  });

  it.each([
    ['no JSON', '{"query":'],
    ['empty', ''],
    ['a list of operations', `[${query},${query}]`],
    ['a list of one operation', `[${query}]`],
    ['a text', '"{ viewer { name } }"'],
    ['null', 'null'],
    ['a number', '7'],
    ['an object without a query', '{}'],
    ['an object with a query that is no text', '{"query":{"a":1}}'],
    ['an object with variables that are none', '{"query":"{ viewer { name } }","variables":[1]}'],
    ['an object with unknown parameters', '{"query":"{ viewer { name } }","doc_id":"1"}'],
    ['a syntax error deep in nested lists', '['.repeat(100_000)],
  ])('may not be %s', async (_what, text) => {
    const { status, body } = await post(text);
    expect(status).toBe(400);
    expect(body.errors[0].extensions.code).toBe('BAD_REQUEST');
    expect(JSON.stringify(body)).not.toContain('at position');
  });

  it('must be UTF-8', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"query":"{ viewer { name } } #'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}'),
    ]);
    const { status, body } = await post(bytes);
    expect([status, body.errors[0].message]).toEqual([400, 'The body is not UTF-8.']);
  });

  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])(
    'may be %s',
    async (type) => {
      expect((await post(query, { 'content-type': type })).status).toBe(200);
    },
  );

  it.each([
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain',
    'text/plain; application/json',
    'application/graphql',
    'application/graphql+json',
    'application/jsonp',
    'application/json, text/plain',
    'application/json; charset=utf-16',
    '',
  ])('may not be %s', async (type) => {
    const { status, body } = await post(new TextEncoder().encode(remove), type ? { 'content-type': type } : {});
    expect([status, body.errors[0].extensions.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  });

  it('may not be compressed', async () => {
    expect((await post(query, { ...json, 'content-encoding': 'gzip' })).status).toBe(415);
  });
});

describe('the address', () => {
  const byGet = (path: string) => send(gateway, { headers: { 'x-graphql-yoga-csrf': '1' } }, path);

  it('may have 16 KB, and not one character more', async () => {
    const [start, end] = ['http://localhost/graphql?query=', '{viewer{name}}'];
    const path = (length: number) => `/graphql?query=${'+'.repeat(length - start.length - end.length)}${end}`;
    expect((await byGet(path(maxUrlLength))).status).toBe(200);
    const { status, body } = await byGet(path(maxUrlLength + 1));
    expect([status, body.errors[0].extensions.code]).toEqual([414, 'URL_TOO_LONG']);
  });

  it.each([
    ['no JSON', '{'],
    ['a list', '[1]'],
    ['a text', '"x"'],
  ])('may not hold variables that are %s', async (_what, variables) => {
    const { status, body } = await byGet(`/graphql?query={viewer{name}}&variables=${encodeURIComponent(variables)}`);
    expect([status, body.errors[0].extensions.code]).toEqual([400, 'BAD_REQUEST']);
  });

  it('passes variables and the name of an operation', async () => {
    const document = encodeURIComponent('query A($id: ID) { user(id: $id) { id } } query B { viewer { name } }');
    const { body } = await byGet(
      `/graphql?query=${document}&variables=${encodeURIComponent('{"id":"1"}')}&operationName=A`,
    );
    expect(body).toEqual({ data: { user: { id: 'user_1' } } });
  });
});

describe('the method', () => {
  it.each(['PUT', 'DELETE', 'PATCH', 'HEAD'])('may not be %s', async (method) => {
    const { status, headers } = await send(gateway, { method });
    expect([status, headers.get('allow')]).toEqual([405, 'GET, POST']);
  });

  it('may not be GET for a mutation, which is not carried out', async () => {
    const path = `/graphql?query=${encodeURIComponent('mutation { remove(input: { id: 1 }) { __typename } }')}`;
    const { status, headers, body } = await send(gateway, { headers: { 'x-graphql-yoga-csrf': '1' } }, path);
    expect([status, headers.get('allow')]).toEqual([405, 'POST']);
    expect(body.errors[0].extensions.code).toBe('METHOD_NOT_ALLOWED');
    expect(gateway.calls['remove']).toBeUndefined();
  });
});

describe('what the caller accepts', () => {
  it.each([
    ['application/json', 'application/json; charset=utf-8'],
    ['application/graphql-response+json', 'application/graphql-response+json; charset=utf-8'],
    ['*/*', 'application/json; charset=utf-8'],
    ['text/html, application/json;q=0.5', 'application/json; charset=utf-8'],
  ])('%s is answered as %s', async (accept, type) => {
    const { status, headers } = await post(query, { ...json, accept });
    expect([status, headers.get('content-type')]).toEqual([200, type]);
  });

  it.each([
    'text/html',
    'text/event-stream',
    'multipart/mixed',
    'application/json; charset=utf-16',
    'application/json;q=0',
    'nonsense',
  ])('%s is refused before a mutation is carried out', async (accept) => {
    const { status, body } = await post(remove, { ...json, accept });
    expect([status, JSON.stringify(body)]).toEqual([406, expect.stringContaining('NOT_ACCEPTABLE')]);
    expect(gateway.calls['remove']).toBeUndefined();
  });
});
