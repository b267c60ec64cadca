import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { UpstreamSystem } from '../../src/errors.js';
import { cognigyProblem, entryguardError, voucherifyError } from '../support/fake-systems.js';
import { bearer, type Headers, type ServedGateway } from '../support/gateway.js';
import { type Removal, remove } from '../support/removals.js';
import { openUpstreamWorld, type UpstreamWorld } from '../support/upstream-gateway.js';
import type { FakeAnswer, Responder } from '../support/upstreams.js';

const vera = 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl';
const rob = 'user_770e8400-e29b-41d4-a716-446655440003';
const uma = 'user_5ce7c2d833ea1e04d7e6c432';
const operators = 'role_550e8400-e29b-41d4-a716-446655440000';

/** DONE: gone. BACK: refused, and the directory has it again. GONE: refused, and nobody has it. PENDING: not known. */
type Ending = 'DONE' | 'BACK' | 'GONE' | 'PENDING';
type Row = readonly [what: string, answer: FakeAnswer | Responder, facts: object, ending: Ending];

const upstream = (code: string, httpStatus: number, more: object = {}) => ({
  ...{
    __typename: 'UpstreamError',
    code: `UPSTREAM_${code}`,
    httpStatus,
    outcomeUnknown: false,
    retryable: false,
    ...more,
  },
});
const unknown = (code: string, httpStatus: number) => upstream(code, httpStatus, { outcomeUnknown: true });
const unavailable = upstream('UNAVAILABLE', 503, { retryable: true });
const done = { applied: true };
const payment = {
  ...{ __typename: 'PaymentRequiredError', httpStatus: 402, feature: null },
  message: expect.stringMatching(/^The plan at [A-Z]+ does not include this, or a quota there is used up\.$/),
};
const conflict = { __typename: 'ConflictError', httpStatus: 409, retryable: false };
const limited = (retryAfterSeconds: number) => ({
  ...{ __typename: 'RateLimitedError', httpStatus: 429 },
  retryAfterSeconds,
  message: expect.stringMatching(/^[A-Z]+ takes no more requests for now\. Try again in \d+ s\.$/),
});
const notFound = (resourceType: string, resourceId: string) => ({
  ...{ __typename: 'NotFoundError', httpStatus: 404, resourceType, resourceId },
  message: expect.stringMatching(new RegExp(`^[A-Z]+ cannot find ${resourceType.toLowerCase()} ${resourceId}\\.$`)),
});
// A wrong address answers so too: the message doesn't claim that the project or role is gone.
const notFoundOfWhat = (resourceType: string, resourceId: string) => ({
  ...notFound(resourceType, resourceId),
  message: expect.stringContaining('does not say which part of it'),
});
// Later than a call can wait, so that it is asked once.
const soon = (answer: FakeAnswer, seconds = '60'): FakeAnswer => ({
  ...{ ...answer, headers: { ...answer.headers, 'Retry-After': seconds } },
});
const html = (status: number): FakeAnswer => ({
  ...{ status, headers: { 'Content-Type': 'text/html' }, body: '<html>An intermediary has something to say</html>' },
});
const redirect = { status: 302, headers: { Location: 'https://elsewhere.test/' } };
const reset: Responder = (_request, _act, response) => {
  response.destroy();
  return null;
};
const actAndReset: Responder = (_request, act, response) => {
  act();
  response.destroy();
  return null;
};

/** What any system may answer, whoever it is; asked of one. The order keeps five troubles from coming in a row. */
const everybody: readonly Row[] = [
  ['a page in HTML with 200, which is done', html(200), done, 'DONE'],
  ['a connection that breaks before it acted', reset, unknown('UNAVAILABLE', 503), 'PENDING'],
  ['a connection that breaks after it acted', actAndReset, unknown('UNAVAILABLE', 503), 'PENDING'],
  ['a page in HTML with 400', html(400), upstream('REJECTED', 400), 'BACK'],
  ['a redirect, which is not followed', redirect, unknown('INVALID_RESPONSE', 502), 'PENDING'],
  ['a page in HTML with 502', html(502), unknown('INVALID_RESPONSE', 502), 'PENDING'],
  ['418', html(418), upstream('REJECTED', 502), 'BACK'],
];

const v = (status: number, key: string, more: object = {}) => voucherifyError(status, key, 'Message', 'Details', more);
const e = (status: number, message: string) => entryguardError(status, 'Error', message, '/api/v1/roles/x/users/y');

interface Table {
  readonly mutation: Removal;
  readonly user: string;
  readonly target: string;
  readonly input: object;
  readonly held: string;
  /** The correlation id of its errors. */
  readonly upstreamTraceId: string | null;
  readonly rows: readonly Row[];
}

const tables: Readonly<Record<UpstreamSystem, Table>> = {
  VOUCHERIFY: {
    ...{ mutation: 'unassignUserFromProject', user: vera, target: 'proj_TrlkLiH4' },
    input: { projectId: 'proj_TrlkLiH4', user: { id: vera } },
    held: `select 1 from project_members where user_id = '${vera}' and project_id = 'proj_TrlkLiH4' and role = 'EDITOR'`,
    upstreamTraceId: 'v-0e9a1b979a80a99053',
    rows: [
      ['204', { status: 204 }, done, 'DONE'],
      ['400 user_not_assigned', v(400, 'user_not_assigned'), done, 'DONE'],
      ['400 with another key', v(400, 'only_project'), upstream('REJECTED', 400), 'BACK'],
      ['401', v(401, 'unauthorized'), upstream('REJECTED', 502), 'BACK'],
      ['402', v(402, 'missing_required_feature'), payment, 'BACK'],
      ['403', v(403, 'forbidden'), upstream('REJECTED', 502), 'BACK'],
      ['404 of a user', v(404, 'not_found', { resource_type: 'user' }), notFound('USER', vera), 'GONE'],
      [
        '404 of a project',
        v(404, 'not_found', { resource_type: 'project' }),
        notFound('PROJECT', 'proj_TrlkLiH4'),
        'GONE',
      ],
      ['404 of a path', v(404, 'not_found'), notFoundOfWhat('PROJECT', 'proj_TrlkLiH4'), 'BACK'],
      ['409', v(409, 'conflict'), conflict, 'BACK'],
      ['429', soon(v(429, 'too_many_requests'), '17'), limited(17), 'BACK'],
      ['429 without Retry-After', v(429, 'too_many_requests'), limited(1), 'BACK'],
      ['500', v(500, 'internal_error'), unknown('UNAVAILABLE', 503), 'PENDING'],
      ['501', v(501, 'not_implemented'), upstream('NOT_SUPPORTED', 501), 'BACK'],
      ['502', v(502, 'bad_gateway'), unknown('INVALID_RESPONSE', 502), 'PENDING'],
      ['503', soon(v(503, 'unavailable')), unavailable, 'BACK'],
      ['504', v(504, 'gateway_timeout'), unknown('TIMEOUT', 504), 'PENDING'],
    ],
  },
  ENTRYGUARD: {
    ...{ mutation: 'unassignUserFromRole', user: rob, target: operators },
    input: { roleId: operators, user: { id: rob } },
    held: `select 1 from role_users where user_id = '${rob}' and role_id = '${operators}'`,
    upstreamTraceId: null,
    rows: [
      ['204', { status: 204 }, done, 'DONE'],
      ['404 not assigned', e(404, 'User not assigned to this role'), done, 'DONE'],
      ['404 of a role', e(404, 'Role not found with id: x'), notFound('ROLE', operators), 'GONE'],
      ['404 of a user', e(404, 'User not found with id: x'), notFound('USER', rob), 'GONE'],
      ['404 of a path', e(404, 'No static resource'), notFoundOfWhat('ROLE', operators), 'BACK'],
      ['401', e(401, 'Unauthorized'), upstream('REJECTED', 502), 'BACK'],
      ['403', e(403, 'Forbidden'), upstream('REJECTED', 502), 'BACK'],
      ['409', e(409, 'Conflict'), conflict, 'BACK'],
      ['429', soon(e(429, 'Too Many Requests'), '3'), limited(3), 'BACK'],
      ['500', e(500, 'Internal Server Error'), unknown('UNAVAILABLE', 503), 'PENDING'],
      ['503', soon(e(503, 'Service Unavailable')), unavailable, 'BACK'],
    ],
  },
  COGNIGY: {
    ...{ mutation: 'removeGlobalRole', user: uma, target: 'USER_MANAGER' },
    input: { role: 'USER_MANAGER', user: { id: uma } },
    held: `select 1 from users where id = '${uma}' and 'USER_MANAGER' = any (global_roles)`,
    upstreamTraceId: 'api--f84324f4-98eb-4f02-abdd-375a2e6c3c1f',
    rows: [
      ['204', { status: 204 }, done, 'DONE'],
      ['400', cognigyProblem(400, 'Bad Request', 1000), upstream('REJECTED', 400), 'BACK'],
      ['401', cognigyProblem(401, 'Unauthorized', '401'), upstream('REJECTED', 502), 'BACK'],
      ['402', cognigyProblem(402, 'Payment Required'), payment, 'BACK'],
      ['403', cognigyProblem(403, 'Forbidden'), upstream('REJECTED', 502), 'BACK'],
      ['404', cognigyProblem(404, 'Not Found'), notFound('USER', uma), 'GONE'],
      ['405', cognigyProblem(405, 'Method Not Allowed'), upstream('REJECTED', 405), 'BACK'],
      ['409', cognigyProblem(409, 'Conflict', 1004), conflict, 'BACK'],
      ['413', cognigyProblem(413, 'Payload Too Large'), upstream('REJECTED', 413), 'BACK'],
      ['429, which it does not document', soon(cognigyProblem(429, 'Too Many Requests'), '5'), limited(5), 'BACK'],
      ['500', cognigyProblem(500, 'Internal Server Error'), unknown('UNAVAILABLE', 503), 'PENDING'],
      ['501', cognigyProblem(501, 'Not Implemented', '1009'), upstream('NOT_SUPPORTED', 501), 'BACK'],
      ['502', cognigyProblem(502, 'Bad Gateway'), unknown('INVALID_RESPONSE', 502), 'PENDING'],
      ['503', soon(cognigyProblem(503, 'Service Unavailable', 503)), unavailable, 'BACK'],
      ['504', cognigyProblem(504, 'Gateway Timeout'), unknown('TIMEOUT', 504), 'PENDING'],
    ],
  },
};

/** What the record and the directory say in the end. The code is that of the answer. */
const endings = {
  DONE: { state: 'DONE', settled: true, held: 0 },
  BACK: { state: 'REFUSED', settled: true, held: 1 },
  GONE: { state: 'REFUSED', settled: true, held: 0 },
  PENDING: { state: 'PENDING', settled: false, held: 0 },
} as const;

let world: UpstreamWorld;
let gateway: ServedGateway;
let administrator: Headers;
beforeAll(async () => {
  world = await openUpstreamWorld('embedded');
  gateway = await world.serve();
  administrator = await bearer();
});
beforeEach(() => world.reset());
afterAll(async () => {
  await gateway.close();
  await world.close();
});

describe.each(Object.keys(tables) as UpstreamSystem[])('%s answers', (system) => {
  const { mutation, user, input, held, upstreamTraceId, rows } = tables[system];

  const rowsOf = (sql: string) => world.database.query<Record<string, unknown>>(sql);
  const isOver = async () =>
    (await rowsOf(`select count(*)::integer as n from sessions where user_id = '${user}' and ended_at is null`))[0]?.[
      'n'
    ] === 0;

  it.each<Row>([...rows, ...(system === 'VOUCHERIFY' ? everybody : [])])('%s', async (_what, answer, facts, ending) => {
    world.fakes[system].respondWith(typeof answer === 'function' ? answer : () => answer);
    const given = await remove(gateway, mutation, input, administrator);
    // Nobody asks again meanwhile.
    await rowsOf(`update upstream_calls set next_attempt_at = now() + interval '1 hour'`);
    expect(given).toMatchObject(facts);
    expect(world.fakes[system].requests).toHaveLength(1);

    const { state, settled, held: left } = endings[ending];
    const code = ending === 'BACK' || ending === 'GONE' ? given['code'] : null;
    const knows = typeof answer !== 'function' && typeof answer.body === 'object' ? upstreamTraceId : null;
    expect(
      await rowsOf('select state, code, settled_at is not null as settled, system, upstream_trace_id from revocations'),
    ).toEqual([{ state, code, settled, system, upstream_trace_id: knows }]);
    expect([(await rowsOf(held)).length, (await rowsOf('select from upstream_calls')).length]).toEqual([
      ...[left, ending === 'PENDING' ? 1 : 0],
    ]);
    // A project's sessions end when its removal begins, and stay ended; a role's go on.
    expect(await isOver()).toBe(system === 'VOUCHERIFY');
    if (given.__typename === 'UpstreamError') {
      expect(given).toMatchObject({
        system,
        upstreamTraceId: knows,
        revocation: { state, code, upstreamTraceId: knows },
      });
    }
    expect(JSON.stringify(given)).not.toMatch(/127\.0\.0\.1|intermediary|elsewhere|Message/);
  });
});
