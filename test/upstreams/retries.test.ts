import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openMs } from '../../src/upstreams/breaker.js';
import { type FakeUpstream, startFakeUpstream } from '../support/upstreams.js';
import { calls, connect, traceId } from './connect.js';

let upstream: FakeUpstream;
beforeEach(async () => {
  upstream = await startFakeUpstream('ENTRYGUARD');
});
afterEach(async () => {
  vi.useRealTimers();
  await upstream.close();
});

const unavailable = { status: 503 };
const codeOf = (outcome: object) => ('code' in outcome ? outcome.code : 'kind' in outcome && outcome.kind);

describe('a call', () => {
  it('that was certainly not carried out is made again', async () => {
    upstream.respondWith((_request, act) => (upstream.requests.length < 3 ? unavailable : act()));
    const { remove, lines } = connect('ENTRYGUARD', upstream.url);
    expect(await remove()).toMatchObject({ kind: 'ALREADY_GONE' });
    expect(upstream.requests).toHaveLength(3);
    expect(lines).toMatchObject([{ attempts: 3, status: 404, outcome: 'ALREADY_GONE' }]);
    const traceparents = upstream.requests.map(({ headers }) => headers['traceparent']);
    expect(traceparents.every((header) => String(header).startsWith(`00-${traceId}-`))).toBe(true);
  });

  it('is made again where nobody listened at first', async () => {
    const { port } = new URL(upstream.url);
    await upstream.close();
    const { remove } = connect('ENTRYGUARD', upstream.url);
    const outcome = remove();
    upstream = await startFakeUpstream('ENTRYGUARD', { port: Number(port) });
    expect(await outcome).toMatchObject({ kind: 'ALREADY_GONE' });
  });

  it('is made four times at most, with growing waits between them', async () => {
    upstream.respondWith(() => unavailable);
    const start = performance.now();
    const { remove, lines } = connect('ENTRYGUARD', upstream.url);
    expect(codeOf(await remove())).toBe('UPSTREAM_UNAVAILABLE');
    expect(upstream.requests).toHaveLength(4);
    expect(performance.now() - start).toBeLessThan(5000);
    expect(lines).toMatchObject([{ level: 40, attempts: 4, status: 503, code: 'UPSTREAM_UNAVAILABLE' }]);
  });

  it.each([429, 500, 502, 504, 404, 409, 401])('is made once where the answer is %i', async (status) => {
    upstream.respondWith(() => ({ status }));
    await connect('ENTRYGUARD', upstream.url).remove();
    expect(upstream.requests).toHaveLength(1);
  });

  it('is not made again where the upstream wants to wait beyond the deadline, and says how long', async () => {
    upstream.respondWith(() => ({ ...unavailable, headers: { 'Retry-After': '2' } }));
    expect(await connect('ENTRYGUARD', upstream.url).remove(1500)).toMatchObject({ retryAfterSeconds: 2 });
    expect(upstream.requests).toHaveLength(1);
  });

  it('waits as long as the upstream wants within the deadline', async () => {
    upstream.respondWith((_request, act) =>
      upstream.requests.length < 2 ? { ...unavailable, headers: { 'Retry-After': '1' } } : act(),
    );
    const start = performance.now();
    expect(await connect('ENTRYGUARD', upstream.url).remove()).toMatchObject({ kind: 'ALREADY_GONE' });
    expect(performance.now() - start).toBeGreaterThan(990);
  });

  it('is unknown where the last attempt is, whatever came before', async () => {
    upstream.respondWith((_request, _act, response) => {
      if (upstream.requests.length < 2) {
        return unavailable;
      }
      response.socket?.destroy();
      return null;
    });
    expect(await connect('ENTRYGUARD', upstream.url).remove()).toMatchObject({ kind: 'UNKNOWN' });
    expect(upstream.requests).toHaveLength(2);
  });
});

describe('all calls', () => {
  it('get one retry in ten, and three to begin with', async () => {
    // Every call is refused once and then carried out, so that no breaker opens.
    let refusedLast = false;
    upstream.respondWith((_request, act) => {
      refusedLast = !refusedLast;
      return refusedLast ? unavailable : act();
    });
    const { remove } = connect('ENTRYGUARD', upstream.url);
    for (let i = 0; i < 40; i++) {
      await remove();
    }
    // 3 + 40 × 0.1 retries, the last of which may not have found a call that wanted it.
    expect([46, 47]).toContain(upstream.requests.length);
  }, 20_000);
});

describe('an upstream that fails five times in a row', () => {
  const fail = async (remove: () => Promise<unknown>) => {
    upstream.respondWith(() => ({ status: 500 }));
    for (let i = 0; i < 5; i++) {
      await remove();
    }
  };

  it('is left alone: nothing is sent, and that is certain', async () => {
    const { remove, upstreams, lines } = connect('ENTRYGUARD', upstream.url);
    await fail(remove);
    expect(upstreams.state()).toEqual([{ organizationId: 'org_acme', system: 'ENTRYGUARD', breaker: 'OPEN' }]);
    expect(await remove()).toMatchObject({ kind: 'REFUSED', code: 'UPSTREAM_UNAVAILABLE' });
    expect(upstream.requests).toHaveLength(5);
    expect(lines.at(-1)).toMatchObject({ reason: 'NOT_SENT BREAKER', attempts: 0 });
    expect(lines).toContainEqual(expect.objectContaining({ msg: 'upstream breaker', breaker: 'OPEN' }));
  });

  it('is not left alone for another system, or another organization', async () => {
    const { remove } = connect('ENTRYGUARD', upstream.url);
    await fail(remove);
    upstream.respondWith(null);
    expect(await connect('ENTRYGUARD', upstream.url).remove()).toMatchObject({ kind: 'ALREADY_GONE' });
  });

  it('is tried by one call when its time is over, and by all when that went well', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { remove, upstreams } = connect('ENTRYGUARD', upstream.url);
    await fail(remove);
    vi.setSystemTime(Date.now() + openMs);
    expect(upstreams.state()).toMatchObject([{ breaker: 'HALF_OPEN' }]);
    let answer = () => {};
    upstream.respondWith(async (_request, act) => {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return act();
    });
    const trial = remove();
    await vi.waitUntil(() => upstream.requests.length === 6);
    expect(await remove()).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    expect(upstream.requests).toHaveLength(6);
    answer();
    expect(await trial).toMatchObject({ kind: 'ALREADY_GONE' });
    expect(upstreams.state()).toMatchObject([{ breaker: 'CLOSED' }]);
    upstream.respondWith(null);
    expect(await remove()).toMatchObject({ kind: 'ALREADY_GONE' });
  });

  it('is left alone again when the trial fails', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { remove, upstreams } = connect('ENTRYGUARD', upstream.url);
    await fail(remove);
    vi.setSystemTime(Date.now() + openMs);
    await remove();
    expect(upstream.requests).toHaveLength(6);
    expect(upstreams.state()).toMatchObject([{ breaker: 'OPEN' }]);
    await remove();
    expect(upstream.requests).toHaveLength(6);
  });

  it.each([400, 401, 404, 409, 429, 501])('does not count what it refused by %i', async (status) => {
    const { remove, upstreams } = connect('ENTRYGUARD', upstream.url);
    upstream.respondWith(() => ({ status }));
    for (let i = 0; i < 8; i++) {
      await remove();
    }
    expect(upstreams.state()).toMatchObject([{ breaker: 'CLOSED' }]);
    expect(upstream.requests).toHaveLength(8);
  });
});

describe('many calls at once', () => {
  it('share sixteen connections, and the deadline holds for those that wait', async () => {
    let open = 0;
    let most = 0;
    upstream.respondWith(async (_request, act) => {
      open += 1;
      most = Math.max(most, open);
      await new Promise((resolve) => setTimeout(resolve, 30));
      open -= 1;
      return act();
    });
    const { connector } = connect('ENTRYGUARD', upstream.url);
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, () => connector.remove(calls.ENTRYGUARD, { traceId })),
    );
    expect(outcomes.every(({ kind }) => kind === 'ALREADY_GONE')).toBe(true);
    expect(most).toBe(16);
    upstream.respondWith(() => null);
    const late = await Promise.all(
      Array.from({ length: 20 }, () => connector.remove(calls.ENTRYGUARD, { traceId, deadlineMs: 200 })),
    );
    const unknown = late.filter(({ kind }) => kind === 'UNKNOWN').length;
    expect(unknown).toBeGreaterThanOrEqual(16);
    expect(late.filter(({ kind }) => kind === 'REFUSED')).toHaveLength(20 - unknown);
    // What is called refused never got there.
    expect(upstream.requests.length).toBeLessThanOrEqual(200 + unknown);
  });
});
