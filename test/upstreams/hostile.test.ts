import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { UpstreamSystem } from '../../src/errors.js';
import type { UpstreamOutcome } from '../../src/upstreams/connector.js';
import { createCertificate } from '../support/certificates.js';
import { type Responder, startFakeUpstream } from '../support/upstreams.js';
import { connect, keyOf } from './connect.js';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

async function start(system: UpstreamSystem, responder: Responder, tls?: { key: string; cert: string }) {
  const upstream = await startFakeUpstream(system, tls ? { tls } : {});
  upstream.assignments.add(keyOf(system));
  upstream.respondWith(responder);
  closing.push(upstream.close);
  return upstream;
}

/** A server that is handed bare connections. */
async function startTcp(onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    for (const socket of sockets) {
      socket.destroy();
    }
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const summarize = (outcome: UpstreamOutcome) => ('code' in outcome ? `${outcome.kind} ${outcome.code}` : outcome.kind);
async function timed<T>(work: Promise<T>): Promise<[T, number]> {
  const from = performance.now();
  const result = await work;
  return [result, performance.now() - from];
}
/** One answer in bytes, to whatever is asked. */
const speak = (text: string) => startTcp((socket) => socket.once('data', () => socket.end(text)));

describe('an upstream that takes its time', () => {
  it('and never answers is unknown when the deadline is over', async () => {
    const upstream = await start('VOUCHERIFY', () => null);
    const [outcome, ms] = await timed(connect('VOUCHERIFY', upstream.url).remove(300));
    expect(summarize(outcome)).toBe('UNKNOWN UPSTREAM_TIMEOUT');
    // The call began before the clock was looked at, and the machine may be busy.
    expect(ms).toBeGreaterThan(200);
    expect(ms).toBeLessThan(4000);
  });

  it('has five seconds where nothing else is said', async () => {
    const upstream = await start('VOUCHERIFY', () => null);
    const [outcome, ms] = await timed(connect('VOUCHERIFY', upstream.url).remove());
    expect(summarize(outcome)).toBe('UNKNOWN UPSTREAM_TIMEOUT');
    expect(Math.round(ms / 500)).toBe(10);
  });

  it('and does it, but answers too late, is unknown, and has done it', async () => {
    const upstream = await start('ENTRYGUARD', async (_request, act) => {
      const answer = act();
      await sleep(800);
      return answer;
    });
    expect(summarize(await connect('ENTRYGUARD', upstream.url).remove(300))).toBe('UNKNOWN UPSTREAM_TIMEOUT');
    expect(upstream.assignments.size).toBe(0);
  });

  it.each([
    [200, 'DONE'],
    [400, 'REFUSED UPSTREAM_REJECTED'],
    [500, 'UNKNOWN UPSTREAM_UNAVAILABLE'],
  ])('with a body that drips is judged by its status %i at the deadline', async (status, expected) => {
    const upstream = await start('VOUCHERIFY', async (_request, _act, response) => {
      response.writeHead(status, { 'Content-Type': 'application/json' });
      for (let i = 0; i < 100 && !response.destroyed; i++) {
        response.write(' ');
        await sleep(20);
      }
      return null;
    });
    const [outcome, ms] = await timed(connect('VOUCHERIFY', upstream.url).remove(300));
    expect(summarize(outcome)).toBe(expected);
    expect(ms).toBeLessThan(1500);
  });

  it('with a head that drips is unknown at the deadline', async () => {
    const url = await startTcp((socket) => {
      const timer = setInterval(() => socket.write('H'), 20);
      socket.on('close', () => clearInterval(timer));
      socket.write('HTTP/1.1 204 No Content\r\nX-Slow: ');
    });
    expect(summarize(await connect('COGNIGY', url).remove(300))).toBe('UNKNOWN UPSTREAM_TIMEOUT');
  });

  it('is not asked at all when the deadline is over before', async () => {
    const upstream = await start('VOUCHERIFY', () => ({ status: 204 }));
    for (const deadline of [0, -5]) {
      const outcome = await connect('VOUCHERIFY', upstream.url).remove(deadline);
      expect(summarize(outcome)).toBe('REFUSED UPSTREAM_UNAVAILABLE');
    }
    expect(upstream.requests).toEqual([]);
  });

  it('to take a connection was sent nothing when the deadline is over', async () => {
    // A TLS greeting is never answered, so the request stays here.
    const url = (await startTcp(() => {})).replace('http:', 'https:');
    const [outcome, ms] = await timed(connect('VOUCHERIFY', url).remove(300));
    expect(summarize(outcome)).toBe('REFUSED UPSTREAM_UNAVAILABLE');
    expect(ms).toBeLessThan(1500);
  });
});

describe('an upstream that breaks the connection', () => {
  it.each([true, false])('after it got the request is unknown, whether it did it or not: %s', async (acts) => {
    const upstream = await start('VOUCHERIFY', (_request, act, response) => {
      if (acts) {
        act();
      }
      response.socket?.resetAndDestroy();
      return null;
    });
    expect(summarize(await connect('VOUCHERIFY', upstream.url).remove())).toBe('UNKNOWN UPSTREAM_UNAVAILABLE');
    // Never again on its own: only what was certainly not done is repeated.
    expect(upstream.requests).toHaveLength(1);
    expect(upstream.assignments.size).toBe(acts ? 0 : 1);
  });

  it('in the middle of its answer is judged by its status', async () => {
    const upstream = await start('VOUCHERIFY', (_request, _act, response) => {
      response.writeHead(400, { 'Content-Type': 'application/json', 'Content-Length': '100' });
      response.write('{"key":"user_not_', () => response.socket?.resetAndDestroy());
      return null;
    });
    expect(summarize(await connect('VOUCHERIFY', upstream.url).remove())).toBe('REFUSED UPSTREAM_REJECTED');
  });

  it('that was kept from the last call is unknown', async () => {
    const upstream = await start('VOUCHERIFY', (_request, act) => act());
    const { remove } = connect('VOUCHERIFY', upstream.url);
    await remove();
    upstream.respondWith((_request, _act, response) => {
      response.socket?.destroy();
      return null;
    });
    expect(summarize(await remove())).toBe('UNKNOWN UPSTREAM_UNAVAILABLE');
    expect(upstream.requests).toHaveLength(2);
  });
});

const notAssigned = '{"code":400,"key":"user_not_assigned","message":"x","request_id":"v-1"}';

describe('an upstream that answers something else than documented', () => {
  it.each([
    ['HTML', { 'Content-Type': 'text/html' }, '<html><body>Sorry</body></html>'],
    ['the right words as another type', { 'Content-Type': 'text/plain' }, notAssigned],
    ['no type', { 'Content-Type': '' }, notAssigned],
    ['truncated JSON', {}, notAssigned.slice(0, -10)],
    ['JSON that is no object', {}, '"user_not_assigned"'],
    ['a list', {}, '[{"key":"user_not_assigned"}]'],
    ['null', {}, 'null'],
    ['a key that is no text', {}, '{"key":["user_not_assigned"],"request_id":{}}'],
    ['an inherited key', {}, '{"__proto__":{"key":"user_not_assigned"}}'],
    ['100,000 brackets', {}, '['.repeat(100_000)],
    ['nothing', {}, ''],
    ['10 MB', {}, `{"key":"user_not_assigned","padding":"${'x'.repeat(10_000_000)}"}`],
    ['a gzip bomb', { 'Content-Encoding': 'gzip' }, gzipSync(Buffer.alloc(50_000_000, ' '))],
    ['what it compressed unasked', { 'Content-Encoding': 'gzip' }, gzipSync(notAssigned)],
  ])('is judged by its status: %s', async (_what, headers, body) => {
    for (const [status, expected] of [
      [400, 'REFUSED UPSTREAM_REJECTED'],
      [200, 'DONE'],
      [500, 'UNKNOWN UPSTREAM_UNAVAILABLE'],
    ] as const) {
      const upstream = await start('VOUCHERIFY', () => ({ status, headers, body }));
      const outcome = await connect('VOUCHERIFY', upstream.url).remove();
      expect([status, summarize(outcome)]).toEqual([status, expected]);
      expect(outcome.upstreamTraceId).toBeNull();
    }
  });

  it('is read up to one megabyte', async () => {
    const padded = (size: number) => notAssigned.padEnd(size, ' ');
    let body = padded(1024 * 1024);
    const upstream = await start('VOUCHERIFY', () => ({ status: 400, body }));
    expect(summarize(await connect('VOUCHERIFY', upstream.url).remove())).toBe('ALREADY_GONE');
    body = padded(1024 * 1024 + 1);
    expect(summarize(await connect('VOUCHERIFY', upstream.url).remove())).toBe('REFUSED UPSTREAM_REJECTED');
  });

  it('leaves no more than an id of itself in the outcome and the log', async () => {
    for (const request_id of ['x'.repeat(129), 'v-1\nlevel=50', '<script>', 'a b', '']) {
      const body = { key: 'user_not_assigned', message: 'hunter2', request_id };
      const upstream = await start('VOUCHERIFY', () => ({ status: 400, body }));
      const { remove, lines } = connect('VOUCHERIFY', upstream.url);
      expect(await remove()).toEqual({ kind: 'ALREADY_GONE', upstreamTraceId: null });
      expect(JSON.stringify(lines)).not.toMatch(/hunter2|script|level=50/);
    }
  });

  it.each([301, 302, 303, 307, 308])('and redirects with %i is not followed, and unknown', async (status) => {
    const elsewhere = await startFakeUpstream('VOUCHERIFY');
    closing.push(elsewhere.close);
    const upstream = await start('VOUCHERIFY', ({ path }) => ({
      status,
      headers: { Location: `${elsewhere.url}${path}` },
    }));
    expect(summarize(await connect('VOUCHERIFY', upstream.url).remove())).toBe('UNKNOWN UPSTREAM_INVALID_RESPONSE');
    expect(elsewhere.requests).toEqual([]);
    expect(upstream.requests).toHaveLength(1);
  });

  it('with a hundred headers, or a thousand, is still understood', async () => {
    for (const count of [100, 1000]) {
      const headers = Object.fromEntries(Array.from({ length: count }, (_, i) => [`X-${i}`, '1']));
      const upstream = await start('VOUCHERIFY', () => ({ status: 204, headers }));
      expect(summarize(await connect('VOUCHERIFY', upstream.url).remove())).toBe('DONE');
    }
  });

  it.each([
    ['a head of more than 16 KB', `HTTP/1.1 204 No Content\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    ['a change of protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'],
  ])('is unknown: %s', async (_what, text) => {
    const { remove } = connect('COGNIGY', await speak(text));
    expect(summarize(await remove())).toBe('UNKNOWN UPSTREAM_INVALID_RESPONSE');
  });

  it('that ends without a word is unknown', async () => {
    const { remove } = connect('COGNIGY', await speak(''));
    expect(summarize(await remove())).toBe('UNKNOWN UPSTREAM_UNAVAILABLE');
  });

  it('that sends preliminary answers for ever is unknown at the deadline', async () => {
    const url = await startTcp((socket) => {
      const timer = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'), 5);
      socket.on('close', () => clearInterval(timer));
    });
    expect(summarize(await connect('COGNIGY', url).remove(300))).toBe('UNKNOWN UPSTREAM_TIMEOUT');
  });
});

describe('an upstream that is not there, or not itself', () => {
  it('refuses connections: nothing was sent', async () => {
    const upstream = await startFakeUpstream('VOUCHERIFY');
    await upstream.close();
    const outcome = await connect('VOUCHERIFY', upstream.url).remove();
    expect(outcome).toEqual({
      ...{ kind: 'REFUSED', code: 'UPSTREAM_UNAVAILABLE', status: null, resourceType: null, isVerdict: false },
      ...{ retryAfterSeconds: null, upstreamTraceId: null },
    });
  });

  it('has a name that nobody knows: nothing was sent', async () => {
    const { remove, lines } = connect('VOUCHERIFY', 'https://upstream.invalid');
    expect(summarize(await remove(1000))).toBe('REFUSED UPSTREAM_UNAVAILABLE');
    expect(JSON.stringify(lines)).not.toContain('upstream.invalid');
  });

  it.each([
    ['signed by nobody', {}],
    ['expired', { expired: true }],
    ['of another host', { host: 'elsewhere.test' }],
  ])('has a certificate that is %s: nothing was sent, once, and the log has an error', async (_what, options) => {
    const upstream = await start('VOUCHERIFY', (_request, act) => act(), await createCertificate(options));
    const { remove, lines } = connect('VOUCHERIFY', upstream.url);
    expect(summarize(await remove())).toBe('REFUSED UPSTREAM_UNAVAILABLE');
    expect(upstream.requests).toEqual([]);
    expect(lines).toMatchObject([{ level: 50, reason: 'NOT_SENT UNTRUSTED', attempts: 1 }]);
  });

  it('speaks no TLS where https is configured: nothing was sent', async () => {
    const upstream = await start('VOUCHERIFY', (_request, act) => act());
    const { remove } = connect('VOUCHERIFY', upstream.url.replace('http:', 'https:'));
    expect(summarize(await remove())).toBe('REFUSED UPSTREAM_UNAVAILABLE');
    expect(upstream.requests).toEqual([]);
  });
});
