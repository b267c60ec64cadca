import { Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { CredentialCarrier } from '../../src/auth/authenticate.js';
import { maxBodyBytes } from '../../src/http/limits.js';
import { ListenError, type RunningServer, startServer } from '../../src/http/server.js';
import { createLogger } from '../../src/log.js';
import { createSmallGateway, type SmallGatewayOptions } from './small-gateway.js';

const log = createLogger({ logLevel: 'silent' });
const running: RunningServer[] = [];

async function serve({ graceSeconds = 5, ...options }: SmallGatewayOptions & { graceSeconds?: number } = {}) {
  const state = { isDraining: false };
  const small = createSmallGateway({ ...options, isDraining: () => state.isDraining });
  const drain = () => {
    state.isDraining = true;
  };
  const server = await startServer({
    gateway: { requestListener: small.requestListener, drain },
    host: '127.0.0.1',
    port: 0,
    graceSeconds,
    log,
  });
  running.push(server);
  return { ...small, server, url: server.url, port: Number(new URL(server.url).port) };
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

/** Sends bytes as they are, and reads what comes until the other side ends or `ms` have passed. */
function talk(port: number, text: string | readonly string[], ms = 300): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let seen = '';
    socket.on('data', (chunk) => {
      seen += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(seen));
    for (const part of [text].flat()) {
      socket.write(part);
    }
    setTimeout(() => socket.destroy(), ms);
  });
}

const body = (query: string) => JSON.stringify({ query });
const post = (url: string, query: string, headers: Record<string, string> = {}) =>
  fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: body(query),
  });
const rawPost = (text: string, headers = `Content-Length: ${Buffer.byteLength(text)}`) =>
  `POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${headers}\r\n\r\n${text}`;

describe('a server', () => {
  it('answers', async () => {
    const { url } = await serve();
    const response = await post(url, '{ viewer { name } }');
    expect([response.status, await response.json()]).toEqual([200, { data: { viewer: { name: 'Ann' } } }]);
  });

  it('says which setting to change where its port is taken', async () => {
    const { port } = await serve();
    const again = startServer({
      gateway: { requestListener: () => {}, drain() {} },
      host: '127.0.0.1',
      port,
      graceSeconds: 1,
      log,
    });
    await expect(again).rejects.toThrow(ListenError);
    await expect(again).rejects.toThrow(
      `Port ${port} of 127.0.0.1 is in use by another program. Set PORT to a free one.`,
    );
  });

  it('says so where its address is none of this machine', async () => {
    const parts = { gateway: { requestListener: () => {}, drain() {} }, port: 0, graceSeconds: 1, log };
    await expect(startServer({ ...parts, host: '203.0.113.7' })).rejects.toThrow('Set HOST to one that is');
  });

  it('shows every credential header to authentication as it came, duplicates too', async () => {
    const seen: CredentialCarrier[] = [];
    const { port } = await serve({
      authenticate: async (carrier) => {
        seen.push(carrier);
        return { principal: null, error: null };
      },
    });
    const text = body('{ viewer { name } }');
    await talk(
      port,
      rawPost(text, `Content-Length: ${text.length}\r\nAuthorization: Bearer a\r\nAUTHORIZATION: Bearer b`),
    );
    expect(seen[0]?.headers.filter(([name]) => name === 'authorization').map(([, value]) => value)).toEqual([
      'Bearer a',
      'Bearer b',
    ]);
  });
});

describe('a caller who does not read what it asked for', () => {
  it('is cut off once nothing has moved for half a minute, within one', async () => {
    let tell = () => {};
    const isCut = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const requestListener = (_request: IncomingMessage, response: ServerResponse) => {
      response.once('close', tell).end(Buffer.alloc(64 * 1024 * 1024));
    };
    const server = await startServer({
      ...{ gateway: { requestListener, drain() {} }, host: '127.0.0.1', port: 0, graceSeconds: 0, log },
    });
    running.push(server);
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1').on('error', () => {});
    socket.pause().write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await isCut;
    socket.destroy();
  });
});

describe('a malformed request', () => {
  it.each([
    ['a Host that is no address', 'GET /graphql HTTP/1.1\r\nHost: [\r\n\r\n'],
    ['a Host with a space', 'GET /health/live HTTP/1.1\r\nHost: a b\r\n\r\n'],
    ['a preflight to such a Host', 'OPTIONS /graphql HTTP/1.1\r\nHost: [\r\n\r\n'],
    ['an address that is none', 'GET //[ HTTP/1.1\r\nHost: %zz\r\n\r\n'],
    ['a port that is none', 'GET /metrics HTTP/1.1\r\nHost: x:99999\r\n\r\n'],
    ['bytes that are no HTTP', '\x16\x03\x01\r\n\r\n'],
    ['no Host', 'GET /health/live HTTP/1.1\r\n\r\n'],
    ['two Hosts', 'GET /health/live HTTP/1.1\r\nHost: x\r\nhost: x\r\n\r\n'],
    ['an empty Host', 'GET * HTTP/1.1\r\nHost: \r\n\r\n'],
    ['an address of elsewhere', 'GET http://z/graphql HTTP/1.1\r\nHost: \r\n\r\n'],
  ])('(%s) is answered with 400 and without a stack', async (_what, text) => {
    const { port } = await serve();
    const seen = await talk(port, text);
    expect(seen).toMatch(/^HTTP\/1\.1 400 /);
    expect(seen).toMatch(/\r\nX-Trace-Id: [0-9a-f]{32}\r\n/);
    expect(seen).not.toMatch(/ at |node_modules|TypeError/);
  });

  it('is not taken for the answer to the request before it on its connection', async () => {
    const { port, calls } = await serve();
    const seen = await talk(port, [rawPost(body('{ slow(ms: 100) }')), 'JUNK\r\n\r\n'], 5_000);
    expect(seen).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\nConnection: close\r\n[\s\S]*"slow":"done"/);
    expect(seen.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(calls).toMatchObject({ slow: 1 });
  });

  it('that is cut off behind another is answered by nobody, and the other is', async () => {
    const { port, calls } = await serve();
    const seen = await talk(
      port,
      [
        rawPost(body('{ slow(ms: 100) }')),
        'POST /graphql HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n',
      ],
      5_000,
    );
    expect(seen.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
    expect(seen).toContain('"slow":"done"');
    expect(calls).toMatchObject({ slow: 1 });
  });

  it('keeps the server answering others', async () => {
    const { port, url } = await serve();
    await talk(port, 'GET /graphql HTTP/1.1\r\nHost: [\r\n\r\n');
    expect((await post(url, '{ viewer { name } }')).status).toBe(200);
  });

  it('with headers of more than 32 KB is answered with 431', async () => {
    const { port } = await serve();
    expect(await talk(port, `GET /graphql HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(33_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    );
  });

  it('that expects what there is not is answered with 417, and a trace id', async () => {
    const { port } = await serve();
    const seen = await talk(port, 'GET /health/live HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\n\r\n');
    expect(seen).toMatch(/^HTTP\/1\.1 417 [\s\S]*X-Trace-Id: [0-9a-f]{32}\r\n/);
  });

  it('whose body is cut off changes nothing', async () => {
    const { port, calls, url } = await serve();
    const text = body('mutation { remove(input: { id: 1 }) { __typename } }');
    await talk(port, rawPost(text.slice(0, -1), `Content-Length: ${text.length}`), 100);
    expect((await post(url, '{ viewer { name } }')).status).toBe(200);
    expect(calls['remove']).toBeUndefined();
  });
});

describe('a body that is too large', () => {
  const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;

  it('is answered with 413 where it comes in chunks, and the connection can be used again', async () => {
    const { port } = await serve();
    const text = body('{ viewer { name } }');
    const seen = await talk(port, [
      rawPost('', 'Transfer-Encoding: chunked'),
      ...Array(40).fill(chunk),
      '0\r\n\r\n',
      rawPost(text),
    ]);
    expect(seen).toMatch(/^HTTP\/1\.1 413 /);
    expect(seen).toContain('BODY_TOO_LARGE');
    expect(seen).toContain('{"data":{"viewer":{"name":"Ann"}}}');
  });

  it('is answered with 413 before it is sent where its length says so', async () => {
    const { port } = await serve();
    expect(await talk(port, rawPost('{', `Content-Length: ${maxBodyBytes + 1}`))).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('is never held whole', async () => {
    const { port } = await serve();
    const before = measureBuffers();
    void talk(port, [rawPost('', 'Transfer-Encoding: chunked'), ...Array(4000).fill(chunk)], 15_000);
    await sleep(2_000);
    // Collected buffers are given back a little later.
    await vi.waitFor(() => expect(measureBuffers() - before).toBeLessThan(40 * 1024 * 1024), {
      ...{ timeout: 14_000, interval: 250 },
    });
  });
});

/** The bytes of buffers that are still held by something: what is left when all others were collected. */
function measureBuffers(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().arrayBuffers;
}

/** Keeps one connection open between requests, as clients do. */
function createKeepAliveClient(port: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (query: string) =>
    new Promise<{ status: number | undefined; connection: string | undefined; text: string }>((resolve, reject) => {
      const headers = { 'content-type': 'application/json' };
      const request = httpRequest(
        { port, host: '127.0.0.1', path: '/graphql', method: 'POST', headers, agent },
        (response) => {
          let text = '';
          response.on('data', (part) => {
            text += part;
          });
          response.on('end', () =>
            resolve({ status: response.statusCode, connection: response.headers.connection, text }),
          );
          response.on('error', reject);
        },
      );
      request.on('error', reject);
      request.end(body(query));
    });
  return { ask, end: () => agent.destroy() };
}

/** Waits until the request that takes long has reached its resolver. */
const isUnderWay = (calls: Readonly<Record<string, number>>) => vi.waitFor(() => expect(calls['slow']).toBe(1));

describe('a server that is told to stop', () => {
  it('finishes what is under way, and tells the caller not to use the connection again', async () => {
    const { server, port, calls } = await serve();
    const client = createKeepAliveClient(port);
    const answer = client.ask('{ slow(ms: 400) }');
    await isUnderWay(calls);
    await server.close();
    expect(await answer).toEqual({ status: 200, connection: 'close', text: '{"data":{"slow":"done"}}' });
    client.end();
  });

  it('soon closes idle connections, also those on which nothing was ever sent', async () => {
    const { server, port } = await serve({ graceSeconds: 30 });
    const client = createKeepAliveClient(port);
    await client.ask('{ viewer { name } }');
    const silent = talk(port, '', 20_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const start = performance.now();
    await server.close();
    expect(await silent).toBe('');
    expect(performance.now() - start).toBeLessThan(3000);
    client.end();
  });

  it('ends what is still under way after the grace period', async () => {
    const { server, port, calls } = await serve({ graceSeconds: 0.3 });
    const client = createKeepAliveClient(port);
    const answer = client.ask('{ slow(ms: 5000) }').catch((error) => error.code);
    await isUnderWay(calls);
    const start = performance.now();
    await server.close();
    expect(performance.now() - start).toBeLessThan(1500);
    expect(await answer).toBe('ECONNRESET');
    client.end();
  });

  it('takes no new connections, and says that it is not ready to those it has', async () => {
    const { server, port, calls, yoga } = await serve();
    const client = createKeepAliveClient(port);
    const answer = client.ask('{ slow(ms: 300) }');
    await isUnderWay(calls);
    const closed = server.close();
    await expect(fetch(`http://127.0.0.1:${port}/health/live`)).rejects.toThrow();
    expect((await yoga.fetch('http://localhost/health/ready')).status).toBe(503);
    await closed;
    expect((await answer).status).toBe(200);
    client.end();
  });

  it('still takes a request that was on its way, as the last one on its connection', async () => {
    const { server, port } = await serve();
    const client = createKeepAliveClient(port);
    await client.ask('{ viewer { name } }');
    const closed = server.close();
    expect(await client.ask('{ slow(ms: 50) }')).toEqual({
      ...{ status: 200, connection: 'close', text: '{"data":{"slow":"done"}}' },
    });
    await closed;
    client.end();
  });

  it('can be told twice', async () => {
    const { server } = await serve();
    await Promise.all([server.close(), server.close()]);
  });
});
