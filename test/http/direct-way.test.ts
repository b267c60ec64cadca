import { once } from 'node:events';
import { type RequestOptions, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Database } from '../../src/database/database.js';
import { demoCredentials } from '../../src/demo/credentials.js';
import { loadDemo } from '../../src/demo/demo.js';
import { type RunningServer, startServer } from '../../src/http/server.js';
import { openTestDatabase } from '../support/databases.js';
import { bearer, credentials, type ServedGateway, serveDatabase } from '../support/gateway.js';

const lines: Record<string, unknown>[] = [];
const log = pino(
  { level: 'info', base: null, timestamp: false },
  { write: (line) => void lines.push(JSON.parse(line)) },
);

let database: Database;
let served: ServedGateway;
let server: RunningServer;

beforeAll(async () => {
  database = await openTestDatabase('embedded');
  await loadDemo(database);
  served = await serveDatabase(database, { CORS_ORIGINS: 'https://app.test', ALLOW_API_KEY_IN_QUERY: 'true' }, { log });
  server = await startServer({ gateway: served.gateway, host: '127.0.0.1', port: 0, graceSeconds: 1, log });
});
beforeEach(() => {
  lines.length = 0;
});
afterAll(async () => {
  await server.close();
  await served.close();
  await database.close();
});

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
  /** Without a length, in chunks. */
  readonly isChunked?: boolean;
}

const json = { 'content-type': 'application/json' };
const query = (text: string, more: object = {}) => JSON.stringify({ query: text, ...more });
// What differs from one answer to the next, and what belongs to the connection.
const passing = new Set(['date', 'connection', 'keep-alive', 'transfer-encoding', 'content-length']);

const toFacts = (status: number, headers: Iterable<[string, string]>, text: string) => ({
  status,
  headers: Object.fromEntries([...new Headers([...headers])].filter(([name]) => !passing.has(name))),
  body: text,
});

async function bySocket({ method = 'POST', path = '/graphql', headers = {}, body, isChunked = false }: Sent) {
  const length: RequestOptions['headers'] =
    body === undefined || isChunked ? {} : { 'content-length': Buffer.byteLength(body) };
  const sent = request(`${server.url}${path}`, { method, headers: { ...headers, ...length }, agent: false });
  if (isChunked) {
    sent.flushHeaders();
  }
  sent.end(body);
  const [response] = await once(sent, 'response');
  let text = '';
  for await (const chunk of response) {
    text += chunk;
  }
  const pairs = Object.entries(response.headers as Record<string, string | string[]>);
  return toFacts(
    response.statusCode,
    pairs.map(([name, value]) => [name, [value].flat().join(', ')]),
    text,
  );
}

async function byFetch({ method = 'POST', path = '/graphql', headers = {}, body }: Sent) {
  const response = await served.gateway.fetch(`${server.url}${path}`, {
    ...{ method, headers: { ...headers } },
    ...(body !== undefined && { body: body as string }),
  });
  return toFacts(response.status, response.headers, await response.text());
}

const trace = { traceparent: '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01' };
const viewer = query('{ viewer { credential permissions organization { name } } }');
const notAssigned = query(
  `mutation ($input: UnassignUserFromRoleInput!) { unassignUserFromRole(input: $input) {
    __typename ... on AccessError { code message } } }`,
  { variables: { input: { roleId: 'role_billing', user: { id: 'user_nobody' }, dryRun: true } } },
);
const { management } = credentials;

// Each is sent both ways. `direct`: answered without Yoga's HTTP layer.
const cases: Record<string, Sent> = {
  'a query': { headers: { ...json, ...management }, body: viewer },
  'a query in UTF-8, with the charset said': {
    headers: { 'content-type': 'application/json; charset=utf-8', ...management },
    body: query('{ users(filter: { search: "Zoë 💥" }) { totalCount } }'),
  },
  'one who takes application/graphql-response+json': {
    headers: { ...json, ...management, accept: 'application/graphql-response+json' },
    body: viewer,
  },
  'one who takes both types': {
    headers: { ...json, ...management, accept: 'application/graphql-response+json, application/json' },
    body: viewer,
  },
  'one who takes anything': { headers: { ...json, ...management, accept: '*/*' }, body: viewer },
  'a browser’s Accept': {
    headers: { ...json, ...management, accept: 'application/json, text/plain;q=0.9' },
    body: viewer,
  },
  'one who takes HTML only': { headers: { ...json, ...management, accept: 'text/html' }, body: viewer },
  'a page of an origin that is let in': {
    headers: { ...json, ...management, origin: 'https://app.test' },
    body: viewer,
  },
  'a page of another origin': { headers: { ...json, ...management, origin: 'https://other.test' }, body: viewer },
  'no credential': { headers: json, body: viewer },
  'no credential, for nothing': { headers: json, body: query('{ __typename }') },
  'a wrong credential': { headers: { ...json, authorization: 'Bearer wrong' }, body: viewer },
  'a wrong credential, for nothing': {
    headers: { ...json, authorization: 'Bearer wrong' },
    body: query('{ __typename }'),
  },
  'two credentials': { headers: { ...json, ...management, authorization: 'Bearer wrong' }, body: viewer },
  'an API key in the address': {
    path: `/graphql?api_key=${demoCredentials.administratorKey.key}`,
    headers: json,
    body: viewer,
  },
  'a mutation that is refused': {
    headers: { ...json, 'x-api-key': demoCredentials.plainUserKey.key },
    body: notAssigned,
  },
  'a field that fails': { headers: { ...json, ...management }, body: query('{ users(first: 1000) { totalCount } }') },
  'a field that fails beside one that doesn’t': {
    headers: { ...json, ...management },
    body: query('{ viewer { credential } user(by: { login: "a", id: "b" }) { id } }'),
  },
  'a syntax error': { headers: { ...json, ...management }, body: query('{ viewer { ') },
  'a document that doesn’t fit': { headers: { ...json, ...management }, body: query('{ nothing }') },
  'a document that is too deep': {
    headers: { ...json, ...management },
    body: query(
      `{ viewer { user ${'{ projects { edges { node { members { edges { node '.repeat(3)}{ id }${'} } } } } } '.repeat(3)} } }`,
    ),
  },
  'too many root fields': {
    headers: { ...json, ...management },
    body: query(`{ ${Array.from({ length: 16 }, (_, i) => `a${i}: __typename`).join(' ')} }`),
  },
  'a variable that doesn’t fit': {
    headers: { ...json, ...management },
    body: query('query ($first: Int!) { users(first: $first) { totalCount } }', { variables: { first: 'x' } }),
  },
  introspection: { headers: json, body: query('{ __schema { queryType { name } } }') },
  'an operation by name': {
    headers: { ...json, ...management },
    body: query('query A { __typename } query B { viewer { credential } }', { operationName: 'B' }),
  },
  'an operation that isn’t there': {
    headers: { ...json, ...management },
    body: query('query A { __typename }', { operationName: 'B' }),
  },
  'a subscription': {
    headers: { ...json, ...management, accept: 'application/json' },
    body: query('subscription { offboardingProgress(id: "offb_x") { id } }'),
  },
  'null for everything that may be null': {
    headers: { ...json, ...management },
    body: query('{ __typename }', { variables: null, operationName: null, extensions: null }),
  },
  'variables that are a list': {
    headers: { ...json, ...management },
    body: query('{ __typename }', { variables: [] }),
  },
  'an operation name that is a number': {
    headers: { ...json, ...management },
    body: query('{ __typename }', { operationName: 1 }),
  },
  'an unknown parameter': { headers: { ...json, ...management }, body: query('{ __typename }', { more: 1 }) },
  'a parameter called __proto__': {
    headers: { ...json, ...management },
    body: '{"query":"{ __typename }","__proto__":{"a":1}}',
  },
  'no query': { headers: { ...json, ...management }, body: '{}' },
  'a batch': { headers: { ...json, ...management }, body: `[${viewer}]` },
  'a text': { headers: { ...json, ...management }, body: '"query"' },
  'no JSON': { headers: { ...json, ...management }, body: '{"query":' },
  'an empty body': { headers: { ...json, ...management }, body: '' },
  'a byte order mark': { headers: { ...json, ...management }, body: `\ufeff${viewer}` },
  'no UTF-8': {
    headers: { ...json, ...management },
    body: Buffer.from('{"query":"{ __typename }","operationName":"\xff"}', 'latin1'),
  },
  'a body in chunks': { headers: { ...json, ...management }, body: viewer, isChunked: true },
  'a body that is too large': {
    headers: { ...json, ...management },
    body: query(`{ __typename } #${' '.repeat(300_000)}`),
    isChunked: true,
  },
  'another media type': { headers: { 'content-type': 'text/plain', ...management }, body: viewer },
  'another charset': { headers: { 'content-type': 'application/json; charset=latin1', ...management }, body: viewer },
  'a compressed body': { headers: { ...json, ...management, 'content-encoding': 'gzip' }, body: viewer },
  'another method': { method: 'PUT', headers: { ...json, ...management }, body: viewer },
  'another address': { path: '/graphql/', headers: { ...json, ...management }, body: viewer },
};

const answered = () =>
  lines.filter(({ msg, path }) => msg === 'request' && path !== '/metrics').map(({ durationMs, ...line }) => line);

describe.each(Object.entries(cases))('%s', (_name, sent) => {
  it('is answered, logged and counted alike by both ways in', async () => {
    const one = { ...sent, headers: { ...sent.headers, ...trace } };
    const before = await counts();
    const direct = await bySocket(one);
    const between = await counts();
    const [line] = answered();
    lines.length = 0;
    expect(direct).toEqual(await byFetch(one));
    expect(line).toEqual(answered()[0]);
    expect(changes(before, between)).toEqual(changes(between, await counts()));
  });
});

async function counts(): Promise<Map<string, number>> {
  const text = await (await served.gateway.fetch('http://localhost/metrics')).text();
  const own = text.split('\n').filter((line) => /^divest_(http_requests|mutations|refused)\w*_total/.test(line));
  return new Map(own.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

// Asking for the counts is counted too, alike both times.
const changes = (before: Map<string, number>, after: Map<string, number>) =>
  Object.fromEntries(
    [...after].map(([name, count]) => [name, count - (before.get(name) ?? 0)]).filter(([, more]) => more !== 0),
  );

it('changes what is asked for once, also where its answer goes the long way', async () => {
  const body = query(`mutation {
    unassignUserFromRole(input: { roleId: "role_reporting", user: { id: "user_nobody" } }) { __typename }
    again: unassignUserFromRole(input: { roleId: "role_reporting", user: { login: "vera@demo.test" }, onMissing: IGNORE }) {
      ... on RevocationSuccess { user { projects { totalCount } } }
    }
  }`);
  const ask = database.query.bind(database);
  const count = async () => (await ask<{ n: number }>('select count(*)::integer as n from revocations'))[0]?.n ?? 0;
  const before = await count();
  database.query = (sql, parameters) =>
    sql.includes('json_agg') ? Promise.reject(new Error('away')) : ask(sql, parameters);
  const answer = await bySocket({ headers: { ...json, ...(await bearer()) }, body });
  database.query = ask;
  expect([answer.status, JSON.parse(answer.body).errors?.length]).toEqual([200, 1]);
  expect(await count()).toBe(before + 2);
});

it.each([
  ['before it began', '{"query":', null],
  ['once it began, for there is no end of it', 'x'.repeat(200_000), 'POST'],
])('logs a request whose body is cut off %s, and goes on', async (_when, part, method) => {
  const sent = request(`${server.url}/graphql`, { method: 'POST', headers: { ...json, 'content-length': 250_000 } });
  sent.on('error', () => {});
  sent.write(part);
  await vi.waitFor(() => expect(sent.socket?.bytesWritten).toBeGreaterThan(part.length));
  await sleep(100);
  sent.destroy();
  await vi.waitFor(() => expect(answered()).toContainEqual(expect.objectContaining({ status: 400, method })));
  expect((await bySocket({ headers: json, body: query('{ __typename }') })).status).toBe(200);
});

it.each([
  ['the direct way', {}],
  ['the long way', { origin: 'https://app.test' }],
])('reads a body that comes in pieces, on %s', async (_way, headers) => {
  const body = query(`{ __typename } #${'é'.repeat(60_000)}`);
  const sent = request(`${server.url}/graphql`, {
    ...{ method: 'POST', agent: false, headers: { ...json, ...headers, 'content-length': Buffer.byteLength(body) } },
  });
  const answer = once(sent, 'response');
  for (const piece of body.match(/.{1,25000}/gs) ?? []) {
    sent.write(piece);
    await sleep(20);
  }
  sent.end();
  const [response] = await answer;
  expect(await text(response)).toBe('{"data":{"__typename":"Query"}}');
});

it('takes the trace id of the caller, and makes one where there is none', async () => {
  const body = query('{ __typename }');
  expect((await bySocket({ headers: { ...json, ...trace }, body })).headers['x-trace-id']).toBe(
    trace.traceparent.slice(3, 35),
  );
  const own = await Promise.all([1, 2].map(() => bySocket({ headers: json, body })));
  expect(new Set(own.map(({ headers }) => headers['x-trace-id'])).size).toBe(2);
  expect(own[0]?.headers['x-trace-id']).toMatch(/^[0-9a-f]{32}$/);
});

it('answers many on one connection, each with its own', async () => {
  const asked = Array.from({ length: 50 }, (_, index) =>
    bySocket({ headers: { ...json, ...management }, body: query(`{ a${index}: __typename }`) }),
  );
  const texts = (await Promise.all(asked)).map(({ body }) => body);
  expect(texts).toEqual(texts.map((_, index) => `{"data":{"a${index}":"Query"}}`));
});
