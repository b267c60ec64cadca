import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UpstreamSystem } from '../../src/errors.js';
import type { UpstreamOutcome } from '../../src/upstreams/connector.js';
import { cognigyProblem } from '../support/fake-systems.js';
import { type FakeAnswer, type FakeUpstream, startFakeUpstream } from '../support/upstreams.js';
import { type Connected, calls, connect, keyOf, traceId } from './connect.js';

const voucherify = (status: number, key: string, more: object = {}): FakeAnswer => ({
  status,
  body: { code: status, key, message: 'Message', details: 'Details', request_id: 'v-0e9a1b4b98c0a98ffc', ...more },
});
const entryguard = (status: number, message: string): FakeAnswer => ({
  status,
  body: { timestamp: '2026-02-18T10:30:00Z', status, error: 'Error', message, path: '/api/v1/roles/x/users/y' },
});
const [role, user] = [calls.ENTRYGUARD.targetId, calls.ENTRYGUARD.userId];
const waits = (answer: FakeAnswer, retryAfter: string): FakeAnswer => ({
  ...{ ...answer, headers: { ...answer.headers, 'Retry-After': retryAfter } },
});

type Row = [what: string, answer: FakeAnswer, outcome: string, facts?: object];

// The status table of the design, row by row, as each system's document has its bodies.
const tables: Readonly<Record<UpstreamSystem, readonly Row[]>> = {
  VOUCHERIFY: [
    ['204', { status: 204 }, 'DONE'],
    ['200 with a body', { status: 200, body: { request_id: 'v-1' } }, 'DONE', { upstreamTraceId: 'v-1' }],
    ['400 user_not_assigned', voucherify(400, 'user_not_assigned'), 'ALREADY_GONE'],
    ['400 of another key', voucherify(400, 'user_has_one_project'), 'REFUSED UPSTREAM_REJECTED'],
    [
      '401',
      { status: 401, body: { code: 401, message: 'Unauthorized', key: 'unauthorized' } },
      'REFUSED UPSTREAM_REJECTED',
      { upstreamTraceId: null },
    ],
    [
      '402',
      {
        status: 402,
        body: { code: 402, message: 'Payment required', details: 'Plan', key: 'missing_required_feature' },
      },
      'REFUSED PAYMENT_REQUIRED',
      { upstreamTraceId: null },
    ],
    ['403', voucherify(403, 'forbidden'), 'REFUSED UPSTREAM_REJECTED'],
    [
      '404 of a user',
      voucherify(404, 'not_found', { resource_type: 'user' }),
      'REFUSED NOT_FOUND',
      { resourceType: 'USER' },
    ],
    [
      '404 of a project',
      voucherify(404, 'not_found', { resource_type: 'project' }),
      'REFUSED NOT_FOUND',
      { resourceType: 'PROJECT' },
    ],
    [
      '404 of something else',
      voucherify(404, 'not_found', { resource_type: 'voucher' }),
      'REFUSED NOT_FOUND',
      { resourceType: null },
    ],
    ['409', voucherify(409, 'conflict'), 'REFUSED CONFLICT'],
    ['429', waits(voucherify(429, 'too_many_requests'), '17'), 'REFUSED RATE_LIMITED', { retryAfterSeconds: 17 }],
    ['500', voucherify(500, 'internal_error'), 'UNKNOWN UPSTREAM_UNAVAILABLE'],
    ['501', voucherify(501, 'not_implemented'), 'REFUSED UPSTREAM_NOT_SUPPORTED'],
    ['502', voucherify(502, 'bad_gateway'), 'UNKNOWN UPSTREAM_INVALID_RESPONSE'],
    ['503', waits(voucherify(503, 'unavailable'), '60'), 'REFUSED UPSTREAM_UNAVAILABLE', { retryAfterSeconds: 60 }],
    ['504', voucherify(504, 'gateway_timeout'), 'UNKNOWN UPSTREAM_TIMEOUT'],
  ],
  ENTRYGUARD: [
    ['204', { status: 204 }, 'DONE'],
    ['404 not assigned', entryguard(404, 'User not assigned to this role'), 'ALREADY_GONE'],
    [
      '404 of a role',
      entryguard(404, `Role not found with id: ${role}`),
      'REFUSED NOT_FOUND',
      { resourceType: 'ROLE' },
    ],
    [
      '404 of a user',
      entryguard(404, `User not found with id: ${user}`),
      'REFUSED NOT_FOUND',
      { resourceType: 'USER' },
    ],
    ['404 of something else', entryguard(404, 'No static resource'), 'REFUSED NOT_FOUND', { resourceType: null }],
    ['400', entryguard(400, 'Bad Request'), 'REFUSED UPSTREAM_REJECTED'],
    ['401', entryguard(401, 'Unauthorized'), 'REFUSED UPSTREAM_REJECTED'],
    ['402', entryguard(402, 'Payment Required'), 'REFUSED PAYMENT_REQUIRED'],
    ['403', entryguard(403, 'Forbidden'), 'REFUSED UPSTREAM_REJECTED'],
    ['409', entryguard(409, 'Conflict'), 'REFUSED CONFLICT'],
    ['429', entryguard(429, 'Too Many Requests'), 'REFUSED RATE_LIMITED', { retryAfterSeconds: null }],
    ['500', entryguard(500, 'Internal Server Error'), 'UNKNOWN UPSTREAM_UNAVAILABLE'],
    ['501', entryguard(501, 'Not Implemented'), 'REFUSED UPSTREAM_NOT_SUPPORTED'],
    ['502', entryguard(502, 'Bad Gateway'), 'UNKNOWN UPSTREAM_INVALID_RESPONSE'],
    ['503', waits(entryguard(503, 'Service Unavailable'), '60'), 'REFUSED UPSTREAM_UNAVAILABLE'],
    ['504', entryguard(504, 'Gateway Timeout'), 'UNKNOWN UPSTREAM_TIMEOUT'],
  ],
  COGNIGY: [
    ['204', { status: 204 }, 'DONE', { upstreamTraceId: null }],
    ['400', cognigyProblem(400, 'Bad Request', 1000), 'REFUSED UPSTREAM_REJECTED'],
    ['400 whose code is a text', cognigyProblem(400, 'Bad Request', '1000'), 'REFUSED UPSTREAM_REJECTED'],
    ['401', cognigyProblem(401, 'Unauthorized'), 'REFUSED UPSTREAM_REJECTED'],
    ['402', cognigyProblem(402, 'Payment Required'), 'REFUSED PAYMENT_REQUIRED'],
    ['403', cognigyProblem(403, 'Forbidden'), 'REFUSED UPSTREAM_REJECTED'],
    ['404', cognigyProblem(404, 'Not Found'), 'REFUSED NOT_FOUND', { resourceType: 'USER' }],
    [
      '404 of a proxy',
      { status: 404, body: { error: 'no route' } },
      'REFUSED NOT_FOUND',
      { resourceType: null, upstreamTraceId: null },
    ],
    ['405', cognigyProblem(405, 'Method Not Allowed'), 'REFUSED UPSTREAM_REJECTED'],
    ['409 whose code is a number', cognigyProblem(409, 'Conflict', 1004), 'REFUSED CONFLICT'],
    ['413', cognigyProblem(413, 'Payload Too Large'), 'REFUSED UPSTREAM_REJECTED'],
    [
      '429, which the document leaves out',
      waits(cognigyProblem(429, 'Too Many Requests'), '5'),
      'REFUSED RATE_LIMITED',
      { retryAfterSeconds: 5 },
    ],
    ['500', cognigyProblem(500, 'Internal Server Error'), 'UNKNOWN UPSTREAM_UNAVAILABLE'],
    ['501', cognigyProblem(501, 'Not Implemented', '1009'), 'REFUSED UPSTREAM_NOT_SUPPORTED'],
    ['502', cognigyProblem(502, 'Bad Gateway'), 'UNKNOWN UPSTREAM_INVALID_RESPONSE'],
    ['503', waits(cognigyProblem(503, 'Service Unavailable', 503), '60'), 'REFUSED UPSTREAM_UNAVAILABLE'],
    ['504', cognigyProblem(504, 'Gateway Timeout'), 'UNKNOWN UPSTREAM_TIMEOUT'],
    [
      '400 as a problem of RFC 7807',
      { ...cognigyProblem(400, 'Bad Request'), headers: { 'Content-Type': 'application/problem+json' } },
      'REFUSED UPSTREAM_REJECTED',
    ],
  ],
};

const traceIds: Readonly<Record<UpstreamSystem, string | null>> = {
  VOUCHERIFY: 'v-0e9a1b4b98c0a98ffc',
  ENTRYGUARD: null,
  COGNIGY: 'api--f84324f4-98eb-4f02-abdd-375a2e6c3c1f',
};
const summarize = (outcome: UpstreamOutcome) => ('code' in outcome ? `${outcome.kind} ${outcome.code}` : outcome.kind);

describe.each(Object.keys(tables) as UpstreamSystem[])('%s', (system) => {
  let upstream: FakeUpstream;
  let connected: Connected;

  beforeAll(async () => {
    upstream = await startFakeUpstream(system);
  });
  afterAll(() => upstream.close());
  const answerWith = (answer: FakeAnswer) => {
    upstream.respondWith(() => answer);
    // A breaker of its own for every row.
    connected = connect(system, upstream.url);
  };

  it.each<Row>([...tables[system]])('answers %s', async (_what, answer, expected, facts = {}) => {
    for (const operation of ['remove', 'grant'] as const) {
      answerWith(answer);
      const outcome = await connected.connector[operation](calls[system], { traceId });
      if (operation === 'remove' || expected !== 'ALREADY_GONE') {
        expect([operation, summarize(outcome)]).toEqual([operation, expected]);
      }
      const upstreamTraceId = answer.body === undefined ? null : traceIds[system];
      expect(outcome).toMatchObject({ upstreamTraceId, ...facts });
    }
  });

  it.each([
    [400, 'REFUSED UPSTREAM_REJECTED'],
    [408, 'UNKNOWN UPSTREAM_TIMEOUT'],
    [422, 'REFUSED UPSTREAM_REJECTED'],
    [202, 'DONE'],
    [299, 'DONE'],
    [304, 'UNKNOWN UPSTREAM_INVALID_RESPONSE'],
    [507, 'UNKNOWN UPSTREAM_UNAVAILABLE'],
    [599, 'UNKNOWN UPSTREAM_UNAVAILABLE'],
    [600, 'UNKNOWN UPSTREAM_INVALID_RESPONSE'],
    [999, 'UNKNOWN UPSTREAM_INVALID_RESPONSE'],
  ])('is judged by the class of a status that no table has: %i', async (status, expected) => {
    answerWith({ status });
    expect(summarize(await connected.remove())).toBe(expected);
  });

  it('has its state changed by a removal and a grant, once each', async () => {
    upstream.respondWith(null);
    const { connector } = connect(system, upstream.url);
    const [call, options] = [calls[system], { traceId }];
    expect(await connector.grant(call, options)).toMatchObject({ kind: 'DONE' });
    expect([...upstream.assignments]).toEqual([keyOf(system)]);
    expect(await connector.remove(call, options)).toMatchObject({ kind: 'DONE' });
    expect([...upstream.assignments]).toEqual([]);
    // Cognigy's document has no answer for a role that the user doesn't hold.
    const again = { kind: system === 'COGNIGY' ? 'DONE' : 'ALREADY_GONE' };
    expect(await connector.remove(call, options)).toMatchObject(again);
  });

  it('tells of a user that it does not know', async () => {
    upstream.respondWith(null);
    upstream.missing.add(calls[system].userId);
    const { connector } = connect(system, upstream.url);
    const notFound = { kind: 'REFUSED', code: 'NOT_FOUND', resourceType: 'USER' };
    expect(await connector.remove(calls[system], { traceId })).toMatchObject(notFound);
    upstream.missing.clear();
  });

  it('that refuses the gateway’s own credential is an error in the log, without the credential', async () => {
    upstream.respondWith(null);
    const wrong = { managementToken: 'hunter2', token: 'hunter2', apiKey: 'hunter2' };
    const field = { VOUCHERIFY: 'managementToken', ENTRYGUARD: 'token', COGNIGY: 'apiKey' }[
      system
    ] as keyof typeof wrong;
    const { remove, lines } = connect(system, upstream.url, { [field]: wrong[field] });
    expect(summarize(await remove())).toBe('REFUSED UPSTREAM_REJECTED');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ level: 50, status: 401, system, organization: 'org_acme', traceId });
    expect(JSON.stringify(lines)).not.toContain('hunter2');
  });
});
