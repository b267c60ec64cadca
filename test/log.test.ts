import { describe, expect, it } from 'vitest';
import { createLogger, describeError } from '../src/log.js';
import { administrator, ask, createSmallGateway, send } from './http/small-gateway.js';

const lines: string[] = [];
const log = createLogger({ logLevel: 'info' }, { write: (line: string) => lines.push(line) });
const read = () => lines.splice(0).map((line) => JSON.parse(line) as Record<string, unknown>);

describe('a log line', () => {
  it.each([
    [
      {
        headers: {
          authorization: 'hunter2',
          'x-management-token': 'hunter2',
          'x-api-key': 'hunter2',
          cookie: 'hunter2',
        },
      },
    ],
    [{ request: { headers: { 'x-cxone-authorization': 'hunter2', Authorization: 'hunter2' } } }],
    [{ query: { api_key: 'hunter2' }, token: 'hunter2', secret: 'hunter2', variables: { a: 'hunter2' } }],
    [{ body: { variables: { input: 'hunter2' } } }],
  ])('holds no secret of %j', (fields) => {
    log.info(fields, 'something');
    expect(JSON.stringify(read())).not.toContain('hunter2');
  });

  it('tells of an error its name, its code and where it came by, and nothing else', () => {
    const error = Object.assign(new Error('password=hunter2\n    at src/fake.ts:1\nselect 1'), { code: '23505' });
    error.stack = `${error.stack}\n    at run (/secret/folder/src/removal.ts:77:3)`;
    expect(describeError(error)).toEqual({ name: 'Error', code: '23505', at: 'removal.ts:77' });
    log.error({ err: error }, 'broken');
    expect(JSON.stringify(read())).not.toMatch(/hunter2|select|folder/);
  });

  it.each([
    ['a text', 'hunter2', { name: 'string' }],
    ['nothing', undefined, { name: 'undefined' }],
    ['an error whose code is a text', Object.assign(new Error('x'), { code: 'no code: hunter2' }), { name: 'Error' }],
  ])('tells of %s that was thrown no more than what it is', (_what, thrown, description) => {
    expect(describeError(thrown)).toMatchObject(description);
    expect(JSON.stringify(describeError(thrown))).not.toContain('hunter2');
  });

  it('of a library in node_modules is not taken for ours', () => {
    const error = new Error('x');
    error.stack =
      'Error: x\n    at f (/app/node_modules/pg/dist/index.js:1:1)\n    at g (/app/dist/http/limits.js:9:1)';
    expect(describeError(error).at).toBe('http/limits.js:9');
  });
});

describe('a request', () => {
  const gateway = createSmallGateway({ log });

  it('is one line: what was asked for, by whom, and how it ended', async () => {
    const { headers } = await ask(
      gateway,
      'query Name($id: ID) { a: user(id: $id) { id } ...F } fragment F on Query { viewer { name } user { id } }',
      {
        headers: { authorization: 'Bearer good' },
        variables: { id: 'hunter2' },
      },
    );
    const seen = read();
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      level: 30,
      method: 'POST',
      path: '/graphql',
      status: 200,
      operation: 'query',
      rootFields: ['user', 'viewer'],
      credential: 'BEARER',
      organization: administrator.organization.id,
      actor: administrator.actor,
      traceId: headers.get('x-trace-id'),
      durationMs: expect.any(Number),
    });
    expect(JSON.stringify(seen)).not.toMatch(/hunter2|Name|Bearer|fragment/);
  });

  it('that never became an operation is one line too, without its text', async () => {
    await ask(gateway, '{ hunter2 }');
    await send(gateway, { method: 'POST', headers: { 'content-type': 'application/json' }, body: 'hunter2' });
    await send(gateway, {}, '/graphql?api_key=hunter2&query=hunter2');
    await send(gateway, {}, '/health/live?token=hunter2');
    const seen = read();
    expect(seen.map(({ status, operation, actor }) => [status, operation, actor])).toEqual([
      [400, null, 'anonymous'],
      [400, null, 'anonymous'],
      [403, null, 'anonymous'],
      [200, null, 'anonymous'],
    ]);
    expect(JSON.stringify(seen)).not.toContain('hunter2');
  });

  it('whose mutation is refused has a second line: which, why, and that nobody known asked', async () => {
    const mutation = 'mutation { remove(input: { id: "hunter2" }) { __typename } }';
    const { headers } = await ask(gateway, mutation, { headers: { authorization: 'Bearer wrong' } });
    const seen = read();
    const traceId = headers.get('x-trace-id');
    expect(seen).toHaveLength(2);
    expect(seen[0]).toMatchObject({
      level: 40,
      mutation: 'remove',
      code: 'UNAUTHENTICATED',
      actor: 'anonymous',
      traceId,
    });
    expect(JSON.stringify(seen)).not.toContain('hunter2');
  });

  it('whose mutation is done has one line only: the record of removals tells the rest', async () => {
    await ask(gateway, 'mutation { remove(input: { id: 1 }) { __typename } }', {
      headers: { authorization: 'Bearer good' },
    });
    expect(read()).toHaveLength(1);
  });
});
