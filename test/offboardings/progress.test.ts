import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type RunningServer, startServer } from '../../src/http/server.js';
import { databaseKinds, redisUrl } from '../support/databases.js';
import { type SeenResult, type Subscription, subscribe } from '../support/events.js';
import { bearer, credentials, type Headers, type ServedGateway, serveDatabase } from '../support/gateway.js';
import { type AnsweredOffboarding, offboard, progressDocument } from '../support/offboardings.js';
import { eventually, openUpstreamGateway, type UpstreamGateway } from '../support/upstream-gateway.js';

const rob = 'user_770e8400-e29b-41d4-a716-446655440003';
const log = pino({ level: 'silent' });

const serveOn = ({ gateway }: ServedGateway) =>
  startServer({ gateway, host: '127.0.0.1', port: 0, graceSeconds: 5, log });
const stateIn = (result: SeenResult | null) => result?.data?.['offboardingProgress'] as AnsweredOffboarding | undefined;
const codeIn = (result: SeenResult | null) => result?.errors?.[0]?.extensions['code'];

/** A gate that calls of a system wait at. */
function createGate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open: () => open(), opened };
}

describe.each(databaseKinds)('offboardingProgress, over a socket, on %s', (kind) => {
  let gateway: UpstreamGateway;
  let server: RunningServer;
  let administrator: Headers;
  let gate: ReturnType<typeof createGate>;
  beforeAll(async () => {
    gateway = await openUpstreamGateway(kind);
    server = await serveOn(gateway);
    administrator = await bearer();
  });
  // What goes on while the tables are emptied would wait for it, and it for that.
  const atRest = () =>
    eventually(async () => (await gateway.rows('select id from upstream_calls')).length === 0, 'nothing is under way');
  beforeEach(async () => {
    await gateway.reset();
    gate = createGate();
    gateway.fakes.ENTRYGUARD.respondWith(async (_request, act) => {
      await gate.opened;
      return act();
    });
  });
  afterEach(async () => {
    gate.open();
    await atRest();
  });
  afterAll(async () => {
    await server.close();
    await gateway.close();
  });

  /** An off-boarding that waits for EntryGuard. */
  const start = async () => (await offboard(gateway, { user: { id: rob } }, administrator)).offboarding.id;
  const follow = (id: string, headers: Headers = administrator, document = progressDocument): Promise<Subscription> =>
    subscribe(`${server.url}/graphql`, document, { id }, headers);
  const openStreams = async () => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    return Number(/^divest_open_streams (\d+)$/m.exec(text)?.[1]);
  };
  const noneOpen = () => eventually(async () => (await openStreams()) === 0, 'no stream is open');

  it('doesn’t count as a request under way: a stream that is open costs nobody its place', async () => {
    const events = await follow(await start());
    await events.next();
    const text = await (await fetch(`${server.url}/metrics`)).text();
    expect(text).toContain('divest_open_streams 1');
    expect(text).toContain('divest_requests_under_way{state="running"} 0');
    events.hangUp();
    await noneOpen();
  });

  it('sends how it stands at once, then what changes, and ends with the last of it', async () => {
    const id = await start();
    const events = await follow(id);
    expect([events.status, events.headers['content-type']]).toEqual([200, 'text/event-stream']);
    expect(events.headers).toMatchObject({ 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    expect(events.headers['content-encoding']).toBeUndefined();
    expect(stateIn(await events.next())).toMatchObject({
      id,
      state: 'RUNNING',
      settledAt: null,
      progress: { total: 4 },
    });
    gate.open();
    const states = (await events.rest()).map(stateIn);
    expect(states.at(-1)).toMatchObject({ state: 'DONE', progress: { total: 4, done: 4, pending: 0 } });
    expect(states.at(-1)?.settledAt).not.toBeNull();
    expect(states.slice(0, -1).every((one) => one?.state === 'RUNNING')).toBe(true);
    await noneOpen();
  });

  it('sends one that has ended once', async () => {
    gate.open();
    const id = await start();
    await (await follow(id)).rest();
    expect((await (await follow(id)).rest()).map((one) => stateIn(one)?.state)).toEqual(['DONE']);
  });

  it.each([
    ['an id of another organization', 'NOT_FOUND', 404, () => bearer('somebody', { organization: 'org_basic' })],
    ['too little authority', 'FORBIDDEN', 403, () => bearer('user_nina', { roles: [] })],
    ['a management token', 'FORBIDDEN', 403, async () => credentials.management],
    ['no credential', 'UNAUTHENTICATED', 401, async () => ({})],
    ['a wrong credential', 'UNAUTHENTICATED', 401, async () => ({ 'X-API-Key': 'wrong' })],
  ])('answers %s with %s, and opens nothing', async (_what, code, status, headers) => {
    const events = await follow(await start(), await headers());
    const [only, ...more] = await events.rest();
    expect([events.status, codeIn(only ?? null), more]).toEqual([status, code, []]);
    expect(only?.errors?.[0]?.extensions['traceId']).toBe(events.headers['x-trace-id']);
    expect(await openStreams()).toBe(0);
  });

  it('refuses what is no id of an off-boarding, and what is not one well-formed subscription', async () => {
    expect(codeIn(await (await follow('user_ada')).next())).toBe('INVALID_INPUT');
    const twice = progressDocument.replace('{ offboardingProgress', '{ other: __typename offboardingProgress');
    expect(codeIn(await (await follow('off_1', administrator, twice)).next())).toBe('GRAPHQL_VALIDATION_FAILED');
    const nested = Array.from({ length: 12 }).reduce<string>((inside) => `{ user ${inside} }`, '{ id }');
    const deep = `subscription ($id: ID!) { offboardingProgress(id: $id) { user ${nested} } }`;
    expect(codeIn(await (await follow('off_1', administrator, deep)).next())).toBe('DOCUMENT_TOO_DEEP');
    const many = `subscription ($id: ID!) { offboardingProgress(id: $id) { revocations(first: 200) { edges { node { user {
      projects(first: 200) { edges { node { members(first: 200) { totalCount } } } } } } } } } }`;
    expect(codeIn(await (await follow('off_1', administrator, many)).next())).toBe('TOO_MANY_ENTRIES');
    const page = 'subscription ($id: ID!) { offboardingProgress(id: $id) { revocations(first: 500) { totalCount } } }';
    expect(codeIn(await (await follow('off_1', administrator, page)).next())).toBe('INVALID_INPUT');
  });

  it.each([
    'subscription ($id: ID!) { offboardingProgress(id: $id) @skip(if: true) { id } }',
    'subscription ($id: ID!) { ... @include(if: false) { offboardingProgress(id: $id) { id } } }',
    `subscription ($id: ID!) { ...A } fragment A on Subscription { ...B }
     fragment B on Subscription { ...A offboardingProgress(id: $id) @include(if: false) { id } }`,
  ])('refuses to subscribe to nothing: %s', async (document) => {
    const events = await follow('off_1', {}, document);
    expect(codeIn(await events.next())).toBe('GRAPHQL_VALIDATION_FAILED');
  });

  it('looks at each fragment of a subscription once', async () => {
    const fragments = Array.from(
      { length: 40 },
      (_, n) => `fragment F${n} on Subscription { ...F${n + 1} ...F${n + 1} }`,
    );
    // Without a field in the end, the limits of a document find nothing to count.
    const document = `subscription { ...F0 } ${fragments.join(' ')}`;
    expect(codeIn(await (await follow('off_1', administrator, document)).next())).toBe('GRAPHQL_VALIDATION_FAILED');
  }, 10_000);

  it('is refused where the caller takes no events, and asked for by GET only with a header that says so', async () => {
    const id = await start();
    const body = JSON.stringify({ query: progressDocument, variables: { id } });
    const headers = { ...administrator, 'Content-Type': 'application/json', Accept: 'application/json' };
    const response = await fetch(`${server.url}/graphql`, { method: 'POST', headers, body });
    expect([response.status, codeIn((await response.json()) as SeenResult)]).toEqual([406, 'NOT_ACCEPTABLE']);
    gate.open();
    const query = new URLSearchParams({ query: progressDocument, variables: JSON.stringify({ id }) });
    const get = (more: Headers) =>
      fetch(`${server.url}/graphql?${query}`, { headers: { ...administrator, Accept: 'text/event-stream', ...more } });
    expect((await get({})).status).toBe(403);
    const events = await get({ 'X-GraphQL-Yoga-CSRF': '1' });
    expect([events.status, await events.text()]).toEqual([200, expect.stringContaining('"state":"DONE"')]);
  });

  it('ends as soon as the caller’s credential is good no more, before anything else is told', async () => {
    await gateway.rows(`update users set org_admin = true where id = 'user_ada'`);
    const { data } = await gateway.ask(
      'mutation { startSession { ... on StartSessionSuccess { token session { id } } } }',
      {},
      administrator,
    );
    const started = data?.['startSession'] as { token: string; session: { id: string } } | undefined;
    const events = await follow(await start(), { Authorization: `Bearer ${started?.token}` });
    expect(stateIn(await events.next())?.state).toBe('RUNNING');
    await gateway.rows('update sessions set ended_at = now() where id = $1', started?.session.id);
    gate.open();
    const [last, ...more] = await events.rest();
    expect([codeIn(last ?? null), last?.data ?? null, more]).toEqual(['UNAUTHENTICATED', null, []]);
    expect(last?.errors?.[0]?.extensions['traceId']).toBe(events.headers['x-trace-id']);
    await noneOpen();
  });

  it('ends as soon as the caller is no administrator any more', async () => {
    await gateway.rows(`update users set org_admin = true where id = 'user_ada'`);
    const events = await follow(await start(), credentials.administratorKey);
    expect(stateIn(await events.next())?.state).toBe('RUNNING');
    await gateway.rows(`update users set org_admin = false where id = 'user_ada'`);
    gate.open();
    expect((await events.rest()).map(codeIn)).toEqual(['FORBIDDEN']);
    await noneOpen();
  });

  it('keeps nothing open for a caller who has hung up', async () => {
    const id = await start();
    const [begun, ended] = [vi.spyOn(globalThis, 'setInterval'), vi.spyOn(globalThis, 'clearInterval')];
    const all = await Promise.all(Array.from({ length: 10 }, () => follow(id)));
    await Promise.all(all.map((events) => events.next()));
    expect(await openStreams()).toBe(10);
    for (const events of all) {
      events.hangUp();
    }
    await noneOpen();
    // Each stream is kept alive by a timer.
    const timers = begun.mock.results.map(({ value }) => value);
    expect(timers.length).toBeGreaterThanOrEqual(10);
    const stopped = () => timers.every((timer) => ended.mock.calls.some(([one]) => one === timer));
    await eventually(async () => stopped(), 'no timer is left').finally(() => vi.restoreAllMocks());
  });

  it('keeps nothing open for a request that is given up', async () => {
    const id = await start();
    const request = new AbortController();
    const headers = { ...administrator, Accept: 'text/event-stream', 'Content-Type': 'application/json' };
    const body = JSON.stringify({ query: progressDocument, variables: { id } });
    const sent = new Request('http://localhost/graphql', { method: 'POST', headers, body, signal: request.signal });
    await gateway.gateway.fetch(sent);
    expect(await openStreams()).toBe(1);
    request.abort();
    await noneOpen();
  });

  it('lets a caller open no more than twenty', async () => {
    const id = await start();
    const all = await Promise.all(Array.from({ length: 20 }, () => follow(id)));
    const refused = await follow(id);
    expect([refused.status, codeIn(await refused.next())]).toEqual([429, 'RATE_LIMITED']);
    const another = await follow(id, await bearer('somebody else'));
    expect(stateIn(await another.next())?.state).toBe('RUNNING');
    for (const events of [...all, another]) {
      events.hangUp();
    }
    await noneOpen();
  });

  it('keeps up nothing for a slow reader, who is told how it stands when it reads again', async () => {
    await gateway.rows(
      `insert into user_resources (organization_id, user_id, resource_id)
       select 'org_demo', $1, id from resources where organization_id = 'org_demo' on conflict do nothing`,
      rob,
    );
    const id = await start();
    const headers = { ...administrator, Accept: 'text/event-stream', 'Content-Type': 'application/json' };
    const body = JSON.stringify({ query: progressDocument, variables: { id } });
    const response = await gateway.gateway.fetch('http://localhost/graphql', { method: 'POST', headers, body });
    const reader = response.body?.getReader();
    await reader?.read();
    gate.open();
    await eventually(
      async () => (await gateway.rows("select id from revocations where state = 'PENDING'")).length === 0,
      'it is done',
    );
    let text = '';
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      text += Buffer.from(part.value).toString();
    }
    const states = [...text.matchAll(/"state":"(\w+)"/g)].map(([, state]) => state);
    expect(states.at(-1)).toBe('DONE');
    expect(states.length).toBeLessThanOrEqual(3);
    await noneOpen();
  });

  it('ends at once when its server stops, and says that asking again helps', async () => {
    const other = await gateway.serve();
    const stopping = await serveOn(other);
    const id = await start();
    const events = await subscribe(`${stopping.url}/graphql`, progressDocument, { id }, administrator);
    expect(stateIn(await events.next())?.state).toBe('RUNNING');
    const begunAt = performance.now();
    const closed = stopping.close();
    const [last, ...more] = await events.rest();
    expect([codeIn(last ?? null), last?.errors?.[0]?.extensions['retryable'], more]).toEqual(['UNAVAILABLE', true, []]);
    await closed;
    expect(performance.now() - begunAt).toBeLessThan(2_000);
    gate.open();
    await other.close();
  });
});

describe('offboardingProgress on another gateway', () => {
  const cases = [
    ['without Redis', {}] as const,
    ...(redisUrl ? [['with Redis', { REDIS_URL: redisUrl }] as const] : []),
  ];
  it.each(cases)('follows what the first one does, %s', async (_how, env) => {
    const gateway = await openUpstreamGateway('embedded', env);
    // Without the systems it settles nothing itself.
    const other = await serveDatabase(gateway.database, env);
    const server = await serveOn(other);
    const gate = createGate();
    gateway.fakes.ENTRYGUARD.respondWith(async (_request, act) => {
      await gate.opened;
      return act();
    });
    const administrator = await bearer();
    const { offboarding } = await offboard(gateway, { user: { id: rob } }, administrator);
    const events = await subscribe(`${server.url}/graphql`, progressDocument, { id: offboarding.id }, administrator);
    expect(stateIn(await events.next())?.state).toBe('RUNNING');
    gate.open();
    expect(stateIn((await events.rest()).at(-1) ?? null)).toMatchObject({ state: 'DONE', progress: { done: 4 } });
    await server.close();
    await other.close();
    await gateway.close();
  });
});
