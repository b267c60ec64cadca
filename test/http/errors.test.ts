import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../src/log.js';
import { ask, createSmallGateway } from './small-gateway.js';

const lines: string[] = [];
const log = createLogger({ logLevel: 'error' }, { write: (line: string) => lines.push(line) });
const gateway = createSmallGateway({ log });
const fail = (how: string, field = 'failHard') => ask(gateway, `{ ${field}(how: "${how}") }`);

describe('a typed error of a query', () => {
  it.each([
    ['unauthenticated', 401, { code: 'UNAUTHENTICATED', httpStatus: 401, retryable: false }],
    ['rate', 429, { code: 'RATE_LIMITED', httpStatus: 429, retryable: true, retryAfterSeconds: 7 }],
    ['unavailable', 503, { code: 'UNAVAILABLE', httpStatus: 503, retryable: true }],
  ])('%s has its code and facts, and its status where there is no data', async (how, status, extensions) => {
    const { body, ...answer } = await fail(how);
    expect(answer.status).toBe(status);
    expect(body.data).toBeNull();
    expect(body.errors[0]).toMatchObject({ path: ['failHard'], extensions });
    expect(body.errors[0].extensions.traceId).toBe(answer.headers.get('x-trace-id'));
  });

  it('leaves the status 200 where there is data', async () => {
    const { status, headers, body } = await ask(gateway, '{ fail(how: "rate") viewer { name } }');
    expect([status, headers.get('retry-after')]).toEqual([200, null]);
    expect(body.data).toEqual({ fail: null, viewer: { name: 'Ann' } });
  });

  it('says when to try again', async () => {
    expect((await fail('rate')).headers.get('retry-after')).toBe('7');
  });
});

describe('an unexpected error', () => {
  it.each([
    ['an error', '{ failHard(how: "secret") }', 500],
    ['a text that was thrown', '{ failHard(how: "text") }', 500],
    ['an error of GraphQL itself', '{ failHard(how: "graphql") }', 500],
    ['a value that fits no enum', '{ color }', 200],
  ])('(%s) says nothing but the trace id', async (_what, query, status) => {
    lines.length = 0;
    const answer = await ask(gateway, query);
    expect(answer.status).toBe(status);
    const [error] = answer.body.errors;
    expect(error.message).toBe('Something broke. The trace id leads to it in the log.');
    expect(error.extensions).toEqual({
      code: 'INTERNAL',
      httpStatus: 500,
      retryable: false,
      traceId: answer.headers.get('x-trace-id'),
    });
    expect(JSON.stringify(answer.body)).not.toMatch(/hunter2|select|db\.internal|stack|\.ts/);
    expect(lines.join()).not.toMatch(/hunter2|select|db\.internal/);
  });

  it('is logged once, with the trace id', async () => {
    lines.length = 0;
    const { headers } = await fail('secret');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: pino.levels.values['error'],
      traceId: headers.get('x-trace-id'),
      err: { name: 'Error' },
    });
  });

  it('is not told apart from others by a cache', async () => {
    const [first, second] = [await ask(gateway, '{ nowhere }'), await ask(gateway, '{ nowhere }')];
    expect(first.body.errors[0].extensions.traceId).toBe(first.headers.get('x-trace-id'));
    expect(second.body.errors[0].extensions.traceId).toBe(second.headers.get('x-trace-id'));
  });
});

describe('the status of a document that is wrong', () => {
  it.each(['{', '{ nowhere }', 'query ($of: [Color!]) { colors(of: $of) }'])(
    '%s is 400, and 200 for a caller of the older media type',
    async (query) => {
      lines.length = 0;
      const variables = { of: ['BLUE'] };
      expect((await ask(gateway, query, { variables })).status).toBe(400);
      expect((await ask(gateway, query, { variables, headers: { accept: 'application/json' } })).status).toBe(200);
      expect(lines).toEqual([]);
    },
  );
});
