import { describe, expect, it } from 'vitest';
import { ask, createSmallGateway, type SmallGateway, send } from './small-gateway.js';

const read = async (gateway: SmallGateway, headers: Record<string, string> = {}) =>
  send(gateway, { headers }, '/metrics');
const remove = 'mutation { remove(input: { id: 1 }) { __typename } }';
const secretName = 'SecretName7f3a';

describe('/metrics', () => {
  it('counts responses, removals and refusals, and shows the pool and the process', async () => {
    const gateway = createSmallGateway();
    await ask(gateway, '{ viewer { name } }');
    await ask(gateway, remove);
    await ask(gateway, remove, { headers: { authorization: 'Bearer wrong' } });
    await ask(gateway, '{ viewer { name } }', { headers: { authorization: 'Bearer wrong' } });
    await ask(gateway, '{');
    const { status, body, headers } = await read(gateway);
    expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    for (const line of [
      'divest_http_requests_total{status="200",operation="query"} 1',
      'divest_http_requests_total{status="200",operation="mutation"} 2',
      'divest_http_requests_total{status="401",operation="query"} 1',
      'divest_http_requests_total{status="400",operation="none"} 1',
      'divest_http_request_duration_seconds_count{operation="mutation"} 2',
      'divest_mutations_total{mutation="remove",outcome="DONE"} 1',
      'divest_mutations_total{mutation="remove",outcome="UNAUTHENTICATED"} 1',
      'divest_refused_requests_total{code="UNAUTHENTICATED"} 1',
      'divest_refused_requests_total{code="GRAPHQL_PARSE_FAILED"} 1',
      'divest_database_connections{state="open"} 3',
      'divest_database_connections{state="waiting"} 0',
      'divest_requests_under_way{state="running"} 2',
      'divest_requests_under_way{state="waiting"} 1',
      'divest_shed_requests_total{reason="IN_FLIGHT"} 5',
    ]) {
      expect(body).toContain(line);
    }
    expect(body).toContain('process_cpu_user_seconds_total');
  });

  it('counts each gateway of a process for itself', async () => {
    const [one, other] = [createSmallGateway(), createSmallGateway()];
    await ask(one, '{ viewer { name } }');
    expect((await read(other)).body).not.toContain('divest_http_requests_total{status="200",operation="query"}');
  });

  it('has no label that a caller could fill', async () => {
    const gateway = createSmallGateway();
    const before = ((await read(gateway)).body as string).split('\n').length;
    for (let i = 0; i < 50; i++) {
      await ask(gateway, `query ${secretName}${i} { ${secretName}${i}: viewer { name } }`);
      await ask(gateway, `{ ${secretName}${i} }`);
      await send(gateway, {}, `/${secretName}${i}`);
      await send(gateway, { method: `M${i}` });
    }
    const { body } = await read(gateway);
    expect(body).not.toContain(secretName);
    expect(body.split('\n').length).toBeLessThan(before + 60);
  });

  it('puts codes that are none of ours together', async () => {
    const { metrics } = createSmallGateway();
    metrics.onError(secretName);
    metrics.onError({ toString: () => secretName });
    metrics.onError('INTERNAL');
    const text = await metrics.print();
    expect(text).toContain('divest_refused_requests_total{code="OTHER"} 2');
    expect(text).toContain('divest_refused_requests_total{code="INTERNAL"} 1');
    expect(text).not.toContain(secretName);
  });

  it('is for holders of a management token where the setting is basic', async () => {
    const gateway = createSmallGateway({ config: { metrics: 'basic' } });
    const anonymous = await read(gateway);
    expect([anonymous.status, anonymous.headers.get('www-authenticate')]).toEqual([
      401,
      'Basic realm="divest", charset="UTF-8"',
    ]);
    expect(anonymous.body).not.toContain('divest_');
    expect((await read(gateway, { authorization: 'Basic wrong' })).status).toBe(401);
    expect((await read(gateway, { authorization: 'Basic good' })).status).toBe(200);
  });

  it('says 503 without details where the database cannot be asked for the token', async () => {
    const isAuthorized = () => Promise.reject(new Error('connect ECONNREFUSED db.internal'));
    const { status, body } = await read(createSmallGateway({ config: { metrics: 'basic' }, isAuthorized }));
    expect([status, body.errors[0].extensions.code]).toEqual([503, 'UNAVAILABLE']);
    expect(JSON.stringify(body)).not.toMatch(/ECONN|internal|stack/);
  });

  it('is not there where it is off', async () => {
    expect((await read(createSmallGateway({ config: { metrics: 'off' } }))).status).toBe(404);
  });
});

describe('/metrics of upstreams', () => {
  it('counts calls by system and outcome, and shows the breakers, without naming an organization', async () => {
    const upstreams = {
      state: () => [
        { organizationId: 'org_one', system: 'COGNIGY', breaker: 'OPEN' } as const,
        { organizationId: 'org_two', system: 'COGNIGY', breaker: 'CLOSED' } as const,
      ],
    };
    const gateway = createSmallGateway({ upstreams });
    const call = { organizationId: 'org_one', system: 'COGNIGY', operation: 'remove', seconds: 0.3 } as const;
    const upstreamTraceId = secretName;
    const refusal = {
      kind: 'REFUSED',
      code: 'CONFLICT',
      status: 409,
      resourceType: null,
      isVerdict: false,
      retryAfterSeconds: null,
    } as const;
    gateway.metrics.onUpstreamCall({ ...call, outcome: { kind: 'DONE', upstreamTraceId } });
    gateway.metrics.onUpstreamCall({ ...call, outcome: { ...refusal, upstreamTraceId } });
    gateway.metrics.onUpstreamCall({
      ...call,
      outcome: { kind: 'UNKNOWN', code: 'UPSTREAM_TIMEOUT', upstreamTraceId },
    });
    const { body } = await read(gateway);
    for (const line of [
      'divest_upstream_calls_total{system="COGNIGY",operation="remove",outcome="DONE"} 1',
      'divest_upstream_calls_total{system="COGNIGY",operation="remove",outcome="CONFLICT"} 1',
      'divest_upstream_calls_total{system="COGNIGY",operation="remove",outcome="UNKNOWN"} 1',
      'divest_upstream_call_duration_seconds_count{system="COGNIGY"} 3',
      'divest_upstream_breakers{system="COGNIGY",state="OPEN"} 1',
      'divest_upstream_breakers{system="COGNIGY",state="HALF_OPEN"} 0',
      'divest_upstream_breakers{system="COGNIGY",state="CLOSED"} 1',
    ]) {
      expect(body).toContain(line);
    }
    expect(body).not.toMatch(/org_one|org_two|SecretName/);
  });
});
