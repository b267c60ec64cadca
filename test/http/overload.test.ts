import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Admission, type RefusalReason } from '../../src/http/admission.js';
import { watchEventLoop } from '../../src/http/event-loop.js';
import { createOverload, type Overload } from '../../src/http/overload.js';
import { type RunningServer, startServer } from '../../src/http/server.js';
import { createLogger } from '../../src/log.js';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) {
    await close();
  }
});

interface Begun {
  readonly name: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** A server whose requests go on until they are ended. */
async function serve({ maxInFlight = 400 } = {}) {
  const lines: string[] = [];
  const log = createLogger({ logLevel: 'info' }, { write: (line: string) => lines.push(line) });
  const overload: Overload = createOverload({
    config: { maxInFlight, maxEventLoopDelayMs: 60_000, databasePoolSize: 10, corsOrigins: ['https://admin.test'] },
    flows: { find: ({ headers }) => headers.find(([name]) => name === 'x-org')?.[1] ?? '' },
    log,
  });
  const begun: Begun[] = [];
  const listener = overload.guard((request, response) => {
    if (request.url?.startsWith('/health')) {
      response.end('here');
    } else {
      begun.push({ name: String(request.headers['x-name']), request, response });
    }
  });
  const gateway = { requestListener: listener, drain() {} };
  const server: RunningServer = await startServer({ gateway, host: '127.0.0.1', port: 0, graceSeconds: 0, log });
  const agent = new Agent({ keepAlive: true });
  closing.push(async () => {
    agent.destroy();
    overload.close();
    await server.close();
  });
  const { port } = new URL(server.url);
  const ask = (organization: string, name = organization, path = '/graphql') => {
    const outgoing = httpRequest({
      port,
      path,
      host: '127.0.0.1',
      agent,
      headers: { 'x-org': organization, 'x-name': name },
    });
    const answer = new Promise<{ status: number; text: string; headers: IncomingMessage['headers'] }>(
      (resolve, reject) => {
        outgoing.once('error', reject).once('response', (response) => {
          let text = '';
          response.on('data', (chunk) => {
            text += chunk;
          });
          response.once('end', () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
        });
      },
    );
    answer.catch(() => {});
    outgoing.end();
    return { answer, hangUp: () => outgoing.destroy() };
  };
  const underWay = (running: number, waiting: number) =>
    vi.waitFor(() => expect(overload.state()).toMatchObject({ running, waiting }), { timeout: 10_000 });
  return { overload, begun, ask, underWay, lines, port: Number(port), url: server.url };
}

/** Sends the headers of a request, and a part of its body. */
function sendPart(port: number, name: string, part: string, length = 10): Socket {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  socket.write(`POST /graphql HTTP/1.1\r\nHost: x\r\nX-Name: ${name}\r\nContent-Length: ${length}\r\n\r\n${part}`);
  return socket;
}

/** Lets a request wait for another system, until that answers or fails. */
function waitAside(overload: Overload, request: IncomingMessage) {
  let answer = (_text: string) => {};
  let fail = (_error: Error) => {};
  const system = new Promise<string>((resolve, reject) => {
    answer = resolve;
    fail = reject;
  });
  return { answer, fail, done: overload.whileAside(request, () => system) };
}

/** Waits for the end of a connection: a reset is one too. */
const closed = (socket: Socket | undefined) => new Promise((resolve) => socket?.once('close', resolve));

const times = <Item>(count: number, make: (index: number) => Item) => Array.from({ length: count }, (_, i) => make(i));
const end = (all: readonly Begun[]) => all.map(({ response }) => response.end());

describe('a gateway that has more to do than it can', () => {
  it('gets back the places of requests that came behind each other on a connection that is gone', async () => {
    const { begun, underWay, port } = await serve();
    const socket = connect(port, '127.0.0.1');
    socket.write('POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n'.repeat(8));
    await underWay(8, 0);
    expect(begun).toHaveLength(8);
    socket.destroy();
    await underWay(0, 0);
  });

  it('refuses what is too much at once, in the form of all errors, and takes more when something is done', async () => {
    const { ask, begun, underWay, overload } = await serve({ maxInFlight: 8 });
    times(3, () => ask('one'));
    times(3, () => ask('two'));
    await underWay(6, 0);
    times(2, (i) => ask(`new${i}`));
    await underWay(8, 0);
    const { status, text, headers } = await ask('newest').answer;
    expect([status, headers['retry-after']]).toEqual([503, expect.stringMatching(/^[123]$/)]);
    expect(JSON.parse(text)).toEqual({
      errors: [
        {
          message: 'The gateway has more to do than it can. Nothing was done: ask again.',
          extensions: { code: 'OVERLOADED', traceId: headers['x-trace-id'] },
        },
      ],
    });
    expect(begun).toHaveLength(8);
    expect(overload.state().refused).toEqual({ IN_FLIGHT: 1, SHARE: 0, EVENT_LOOP: 0, WAITED: 0, SLOW_BODY: 0 });
    end(begun.splice(0, 1));
    await underWay(7, 0);
    ask('newest');
    await underWay(8, 0);
  });

  it('lets pages of the listed origins read that, and when to come back; and no others', async () => {
    const { ask, underWay, url } = await serve({ maxInFlight: 1 });
    ask('one');
    await underWay(1, 0);
    const headersFor = async (origin: string) => (await fetch(`${url}/graphql`, { headers: { origin } })).headers;
    const listed = await headersFor('https://admin.test');
    expect(listed.get('access-control-allow-origin')).toBe('https://admin.test');
    expect(listed.get('access-control-expose-headers')).toContain('Retry-After');
    expect((await headersFor('https://evil.test')).get('access-control-allow-origin')).toBeNull();
  });

  it('takes addresses that are none to a parser, with a key in them', async () => {
    const { ask, underWay } = await serve();
    ask('one', 'one', '//[?api_key=1');
    ask('one', 'one', '/graphql?api_key=%zz&api_key');
    await underWay(2, 0);
  });

  it('keeps half of its places from an organization that is alone, and a share of them from each of several', async () => {
    const { ask, underWay, overload } = await serve({ maxInFlight: 12 });
    const first = times(10, () => ask('one'));
    await underWay(6, 0);
    expect(await Promise.all(first.slice(6).map(async ({ answer }) => (await answer).status))).toEqual(
      Array(4).fill(503),
    );
    const second = times(6, () => ask('two'));
    await underWay(10, 0);
    expect(await Promise.all(second.slice(4).map(async ({ answer }) => (await answer).status))).toEqual([503, 503]);
    expect(overload.state().refused).toMatchObject({ SHARE: 6, IN_FLIGHT: 0 });
    ask('three');
    await underWay(11, 0);
  });

  it('answers health all the while', async () => {
    const { ask, underWay } = await serve({ maxInFlight: 2 });
    ask('one');
    ask('two');
    await underWay(2, 0);
    for (const path of ['/health/live', '/health/ready?now']) {
      expect((await ask('one', '', path).answer).text).toBe('here');
    }
    expect((await ask('one', '', '/health/lives').answer).status).toBe(503);
  });

  it('doesn’t count streams that have begun, nor what was hung up on', async () => {
    const { ask, begun, underWay, overload } = await serve({ maxInFlight: 4 });
    times(2, () => ask('one'));
    await underWay(2, 0);
    for (const { request } of begun) {
      overload.leave(request);
    }
    await underWay(0, 0);
    const again = times(2, () => ask('one'));
    await underWay(2, 0);
    end(begun.slice(0, 2));
    again[0]?.hangUp();
    await underWay(1, 0);
  });

  it('gets back the place of a request that was cut off behind another, which is still answered', async () => {
    const { begun, underWay, port } = await serve();
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    const [whole, part] = [
      'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n',
      'Content-Length: 10\r\n\r\nab',
    ];
    socket.write(`${whole}PUT /graphql HTTP/1.1\r\nHost: x\r\n${part}`);
    await underWay(2, 0);
    socket.end();
    await underWay(1, 0);
    end(begun.filter(({ request }) => request.method === 'POST'));
    await underWay(0, 0);
  });

  it('does not keep places for short answers that nobody reads', async () => {
    const { begun, underWay, overload, port } = await serve();
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    socket.pause();
    socket.write('POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n'.repeat(8));
    await underWay(8, 0);
    // Behind the first, which is not answered, none of these is written to anybody; and the last one is long.
    for (const [index, { request, response }] of begun.slice(1).entries()) {
      response.end(index === 6 ? 'x'.repeat(100_000) : 'short');
      overload.answered(request);
    }
    await underWay(2, 0);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await underWay(2, 0);
    socket.destroy();
    await underWay(0, 0);
  });

  it('keeps the place of what goes on although nobody waits for it any more', async () => {
    const { ask, begun, underWay, overload } = await serve({ maxInFlight: 4 });
    const { hangUp } = ask('one');
    await underWay(1, 0);
    let finish = () => {};
    const work = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const [{ request, response } = {}] = begun;
    const done = request && overload.whileAtWork(request, () => work);
    const isGone = new Promise((resolve) => response?.once('close', resolve));
    hangUp();
    await isGone;
    expect(overload.state()).toMatchObject({ running: 1 });
    finish();
    await done;
    expect(overload.state()).toMatchObject({ running: 0 });
  });

  it('answers four who ask for metrics at once, however many there are', async () => {
    const { ask, begun, overload } = await serve();
    const all = times(6, () => ask('', 'scrape', '/metrics'));
    const refused = await Promise.race(all.map(({ answer }) => answer));
    expect(refused.status).toBe(503);
    await vi.waitFor(() => expect(overload.state().refused).toMatchObject({ IN_FLIGHT: 2 }));
    expect(begun).toHaveLength(4);
    end(begun.slice(0, 4));
    await Promise.all(all.map(({ answer }) => answer));
    const later = ask('', 'scrape', '/metrics');
    await vi.waitFor(() => expect(begun).toHaveLength(5));
    end(begun.slice(4));
    expect((await later.answer).status).toBe(200);
  });

  it('gives no place to a request whose body is not there, and cuts off whoever is the slowest of too many', async () => {
    const { ask, begun, underWay, overload, port } = await serve({ maxInFlight: 8 });
    const sockets = times(9, (i) => sendPart(port, `slow${i}`, 'half'));
    await closed(sockets[0]);
    expect(overload.state()).toMatchObject({ running: 0, waiting: 0, refused: { SLOW_BODY: 1 } });
    ask('one');
    await underWay(1, 0);
    sockets[8]?.write('+ half');
    await underWay(2, 0);
    expect(begun.map(({ name }) => name)).toEqual(['one', 'slow8']);
    for (const socket of sockets) {
      socket.destroy();
    }
    await underWay(1, 0);
    end(begun.slice(0, 1));
    await underWay(0, 0);
  });

  it('cuts off who takes long for a body while others do, and nobody else', async () => {
    const { overload, port } = await serve({ maxInFlight: 8 });
    const first = sendPart(port, 'first', 'half');
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(first.destroyed).toBe(false);
    const second = sendPart(port, 'second', 'half');
    await closed(first);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(second.destroyed).toBe(false);
    expect(overload.state()).toMatchObject({ running: 0, refused: { SLOW_BODY: 1 } });
    second.destroy();
  });

  it('begins a request of which nobody could hold more, and cuts it off if the rest doesn’t come', async () => {
    const { underWay, overload, port } = await serve({ maxInFlight: 4 });
    const long = sendPart(port, 'long', 'x'.repeat(200_000), 250_000);
    await underWay(1, 0);
    await closed(long);
    await underWay(0, 0);
    expect(overload.state().refused).toMatchObject({ SLOW_BODY: 1 });
  });

  it('says once that it began and once that it ended, however many it refuses', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    closing.push(() => {
      vi.useRealTimers();
    });
    const { ask, underWay, lines } = await serve({ maxInFlight: 1 });
    ask('one');
    await underWay(1, 0);
    await Promise.all(times(20, () => ask('two').answer));
    const messages = () => lines.map((line) => JSON.parse(line)).map(({ msg, refused }) => [msg, refused]);
    expect(messages()).toEqual([['the gateway is overloaded: requests are refused', undefined]]);
    vi.advanceTimersByTime(4_000);
    expect(messages()).toHaveLength(1);
    vi.advanceTimersByTime(2_000);
    expect(messages()[1]).toEqual(['the gateway is no longer overloaded', 20]);
  });
});

describe('an organization beside one that asks for ten times its share', () => {
  const makeShared = async ({ ask, begun, underWay }: Awaited<ReturnType<typeof serve>>) => {
    await Promise.all([ask('noisy'), ask('quiet')]);
    await underWay(2, 0);
    end(begun.splice(0));
    await underWay(0, 0);
  };

  it('is served in turn with it, whatever waits already', async () => {
    const served = await serve();
    await makeShared(served);
    const { ask, begun, underWay } = served;
    times(100, () => ask('noisy'));
    await underWay(15, 85);
    times(10, () => ask('quiet'));
    await underWay(20, 90);
    end(begun.slice(0, 15));
    await underWay(15, 80);
    expect(begun.slice(20).map(({ name }) => name)).toEqual(times(10, (i) => (i % 2 === 0 ? 'noisy' : 'quiet')));
  });

  it('begins at once as long as it has few under way, whatever the other asks for', async () => {
    const served = await serve();
    await makeShared(served);
    const { ask, begun, underWay } = served;
    times(100, () => ask('noisy'));
    await underWay(15, 85);
    times(3, () => ask('quiet'));
    await underWay(18, 85);
    end(begun.slice(0, 3));
    await underWay(15, 85);
    end(begun.slice(3, 4));
    await underWay(15, 84);
    expect(begun.at(-1)?.name).toBe('noisy');
  });

  it('has nothing taken from it by what waits for another system', async () => {
    const served = await serve();
    await makeShared(served);
    const { ask, begun, overload, underWay } = served;
    times(50, () => ask('noisy'));
    await underWay(15, 35);
    const answers = begun.slice(0, 10).map(({ request }) => waitAside(overload, request));
    await underWay(25, 25);
    for (const { answer } of answers) {
      answer('done');
    }
    expect(await Promise.all(answers.map(({ done }) => done))).toEqual(Array(10).fill('done'));
    end(begun.slice(0, 10));
    await underWay(15, 25);
    // One that is over is not aside any more.
    const failing = begun.slice(10, 11).map(({ request }) => waitAside(overload, request));
    await underWay(16, 24);
    end(begun.slice(10, 11));
    failing[0]?.fail(new Error('away'));
    await expect(failing[0]?.done).rejects.toThrow('away');
    await underWay(15, 24);
  });

  it('leaves the place of a request that was hung up on to others', async () => {
    const served = await serve();
    await makeShared(served);
    const { ask, begun, underWay } = served;
    times(15, () => ask('noisy'));
    await underWay(15, 0);
    const asked = times(3, (i) => ask('noisy', `noisy${i}`));
    await underWay(15, 3);
    asked[1]?.hangUp();
    await underWay(15, 2);
    end(begun.slice(0, 15));
    await underWay(2, 0);
    expect(begun.slice(15).map(({ name }) => name)).toEqual(['noisy0', 'noisy2']);
  });

  it('is answered within two seconds where nothing can be begun', async () => {
    const served = await serve();
    await makeShared(served);
    const { ask, overload, underWay } = served;
    times(15, () => ask('noisy'));
    await underWay(15, 0);
    times(5, () => ask('quiet'));
    await underWay(20, 0);
    const answers = await Promise.all(['noisy', 'quiet'].map((organization) => ask(organization).answer));
    expect(answers.map(({ status }) => status)).toEqual([503, 503]);
    expect(overload.state()).toMatchObject({ running: 20, waiting: 0, refused: { WAITED: 2 } });
  });

  it('need not exist: alone, an organization waits for the database itself', async () => {
    const { ask, underWay } = await serve();
    times(40, () => ask('only'));
    await underWay(40, 0);
  });
});

describe('a process that is late', () => {
  const enterAll = (admission: Admission, count: number, flow = 'noisy') => {
    const seen: (RefusalReason | 'STARTED')[] = [];
    times(count, () =>
      admission.enter({
        flow,
        isFirst: false,
        start: () => seen.push('STARTED'),
        refuse: (reason) => seen.push(reason),
      }),
    );
    return seen;
  };
  const parts = { maxInFlight: 200, poolSize: 10 };

  it('lets few wait, also of others, and goes on with four requests in every turn of the event loop', async () => {
    const admission = new Admission({ ...parts, isLate: () => true });
    expect(enterAll(admission, 70)).toEqual([...Array(64).fill('STARTED'), ...Array(6).fill('EVENT_LOOP')]);
    const quiet = enterAll(admission, 34, 'quiet');
    expect(quiet).toEqual(Array(2).fill('EVENT_LOOP'));
    await new Promise(setImmediate);
    expect(quiet.slice(2)).toEqual(Array(4).fill('STARTED'));
    await new Promise(setImmediate);
    // As many as it may have while others keep the database busy.
    expect(quiet.slice(2)).toEqual(Array(5).fill('STARTED'));
  });

  it('is one whose event loop is, on average: not one that pauses once', async () => {
    const loop = watchEventLoop(25);
    closing.push(loop.stop);
    const block = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    await vi.waitFor(
      () => {
        block(100);
        expect(loop.isLate()).toBe(true);
      },
      { timeout: 10_000, interval: 1 },
    );
    await vi.waitFor(() => expect(loop.isLate()).toBe(false), { timeout: 10_000, interval: 100 });
  });
});
