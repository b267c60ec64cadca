import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadDemo } from '../../src/demo/demo.js';
import { type RunningServer, startServer } from '../../src/http/server.js';
import { databaseKinds, openTestDatabase, type TestDatabase } from '../support/databases.js';
import { bearer, type ServedGateway, serveDatabase } from '../support/gateway.js';
import { type FakeUpstream, startFakeUpstream } from '../support/upstreams.js';

const log = pino({ level: 'silent' });
const vera = 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl';
const callersTrace = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) };
const traceparent = `00-${callersTrace.traceId}-${callersTrace.spanId}-01`;

interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
  readonly status: { readonly code?: number };
}

/** A collector that takes OTLP over HTTP, as JSON. */
async function startCollector() {
  const bodies: string[] = [];
  const server: Server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      bodies.push(`${request.method} ${request.url} ${text}`);
      response.setHeader('Content-Type', 'application/json').end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    /** All that has come in, as text. */
    text: () => bodies.join('\n'),
    spans: (): CollectedSpan[] =>
      bodies.flatMap((body) => {
        expect(body).toMatch(/^POST \/v1\/traces \{/);
        const { resourceSpans } = JSON.parse(body.slice(body.indexOf('{')));
        return resourceSpans.flatMap((one: { scopeSpans: { spans: CollectedSpan[] }[] }) =>
          one.scopeSpans.flatMap(({ spans }) => spans),
        );
      }),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const attributesOf = ({ attributes }: CollectedSpan) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

describe.each(databaseKinds)('traces of a gateway on %s', (kind) => {
  let database: TestDatabase;
  let collector: Awaited<ReturnType<typeof startCollector>>;
  let upstream: FakeUpstream;
  let folder: string;
  let gateway: ServedGateway;
  let server: RunningServer;

  beforeAll(async () => {
    database = await openTestDatabase(kind);
    await loadDemo(database);
    upstream = await startFakeUpstream('VOUCHERIFY');
    folder = mkdtempSync(join(tmpdir(), 'divest-traces-'));
    writeFileSync(join(folder, 'upstreams.json'), JSON.stringify({ org_demo: { voucherify: upstream.section } }));
  });
  afterAll(async () => {
    await upstream.close();
    await database.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(async () => {
    collector = await startCollector();
    await start(collector.url);
  });
  afterEach(() => collector.close());

  async function start(endpoint: string) {
    gateway = await serveDatabase(database, {
      UPSTREAMS_FILE: join(folder, 'upstreams.json'),
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_SERVICE_NAME: 'divest-under-test',
    });
    server = await startServer({ gateway: gateway.gateway, host: '127.0.0.1', port: 0, graceSeconds: 1, log });
  }
  const stop = async () => {
    await server.close();
    await gateway.close();
  };
  const post = async (
    query: string,
    variables: object,
    { headers = {}, search = '' }: { headers?: Record<string, string>; search?: string } = {},
  ) => {
    const response = await fetch(`${server.url}/graphql${search}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...(await bearer()), ...headers },
      body: JSON.stringify({ query, variables }),
    });
    return { body: (await response.json()) as { data: unknown }, traceId: response.headers.get('x-trace-id') };
  };

  // What has a query string goes another way through the gateway than what has none: see direct-way.ts.
  it.each([[''], ['?secret-in-the-address']])(
    'show a removal (…/graphql%s) with its calls of the database and of the other system, each below what asked for it',
    async (search) => {
      upstream.assignments.add(`proj_TrlkLiH4 ${vera}`);
      await database.query(
        `insert into project_members (organization_id, project_id, user_id, role)
       values ('org_demo', 'proj_TrlkLiH4', '${vera}', 'USER') on conflict do nothing`,
      );
      upstream.requests.splice(0);
      const { body, traceId } = await post(
        `mutation SecretName($input: UnassignUserFromProjectInput!) {
         secretAlias: unassignUserFromProject(input: $input) { __typename }
       }`,
        { input: { projectId: 'proj_TrlkLiH4', user: { id: vera }, reason: 'a secret reason' } },
        { headers: { traceparent }, search },
      );
      expect(body.data).toEqual({ secretAlias: { __typename: 'UnassignUserFromProjectSuccess' } });
      await stop();

      const spans = collector.spans();
      expect(traceId).toBe(callersTrace.traceId);
      expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([callersTrace.traceId]));
      const root = spans.find(({ name }) => name === 'mutation unassignUserFromProject');
      expect(root).toMatchObject({ parentSpanId: callersTrace.spanId, kind: 2 });
      expect(attributesOf(root as CollectedSpan)).toMatchObject({
        'http.request.method': 'POST',
        'http.route': '/graphql',
        'http.response.status_code': 200,
        'graphql.operation.type': 'mutation',
        'divest.outcome.unassignUserFromProject': 'DONE',
      });
      const below = spans.filter((span) => span !== root);
      expect(new Set(below.map(({ parentSpanId }) => parentSpanId))).toEqual(new Set([root?.spanId]));
      const names = below.map(({ name }) => name);
      expect(names).toContain('database unassign_user_from_project');
      expect(names).toContain('database settle_upstream_call');
      const call = spans.find(({ name }) => name === 'upstream VOUCHERIFY');
      expect(attributesOf(call as CollectedSpan)).toMatchObject({
        'divest.system': 'VOUCHERIFY',
        'divest.attempts': 1,
      });
      const sent = upstream.requests.find(({ headers }) => headers['traceparent']?.includes(callersTrace.traceId));
      expect(sent?.headers['traceparent']).toBe(`00-${callersTrace.traceId}-${call?.spanId}-01`);

      expect(collector.text()).toContain('divest-under-test');
      expect(collector.text()).not.toMatch(/secret|SecretName|user_V|proj_|org_|Bearer|select [a-z*]|127\.0\.0\.1/);
    },
  );

  it('begin where the caller has none, with the trace id of the answer, and show what Prisma asks', async () => {
    const { body, traceId } = await post('{ project(id: "proj_TrlkLiH4") { id } }', {});
    expect(body.data).toEqual({ project: { id: 'proj_TrlkLiH4' } });
    await stop();
    const spans = collector.spans();
    const root = spans.find(({ name }) => name === 'query project');
    expect(root).toMatchObject({ traceId, kind: 2 });
    expect(root?.parentSpanId ?? '').toBe('');
    expect(spans.filter(({ name }) => /^database Project\.find/.test(name))).toEqual([
      expect.objectContaining({ traceId, parentSpanId: root?.spanId }),
    ]);
  });

  it('say of what never came to an operation only how it was answered', async () => {
    await post('{ nothing_like_it }', {});
    await fetch(`${server.url}/secret-path`);
    await fetch(`${server.url}/health/ready`);
    await fetch(`${server.url}/metrics`);
    await stop();
    const spans = collector.spans().filter(({ kind }) => kind === 2);
    expect(spans.map((span) => [span.name, attributesOf(span)['http.response.status_code']])).toEqual([
      ['POST', expect.any(Number)],
      ['GET', 404],
    ]);
    expect(collector.text()).not.toMatch(/secret|nothing_like_it/);
  });

  it('are not made of what the caller does not want to be traced', async () => {
    await post('{ __typename }', {}, { headers: { traceparent: traceparent.replace(/01$/, '00') } });
    await stop();
    expect(collector.spans()).toEqual([]);
  });

  it('cost no answer, and end with the gateway, where there is no collector', async () => {
    await stop();
    await start('http://127.0.0.1:1');
    const { body } = await post('{ __typename }', {});
    expect(body).toEqual({ data: { __typename: 'Query' } });
    await stop();
    expect(collector.text()).toBe('');
  });
});

describe('the packages of OpenTelemetry', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  const importers = (pattern: RegExp) => files.filter((path) => pattern.test(readFileSync(join('src', path), 'utf8')));

  it('are loaded where an endpoint is set, and not otherwise', () => {
    expect(importers(/from '@opentelemetry\//)).toEqual([join('tracing', 'open-telemetry.ts')]);
    expect(importers(/from '.*\/open-telemetry\.js'/)).toEqual([]);
    expect(importers(/import\('.*\/open-telemetry\.js'\)/)).toEqual(['gateway.ts']);
  });
});
