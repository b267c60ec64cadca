import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClient, isAbort } from '../../src/console/client.js';

const ask = (signal?: AbortSignal) => createClient({ 'X-API-Key': 'key' }, () => {}).ask('{ x }', {}, signal);
const answer = (body: string) =>
  vi.stubGlobal(
    'fetch',
    vi.fn(async () => new Response(body)),
  );
/** A gateway that takes the question and says nothing. */
const hang = () =>
  vi.stubGlobal('fetch', (_url: string, { signal }: RequestInit) => {
    return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  });

describe('the client of the console', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it.each(['null', '7', '"text"', '[]', '{}', '{"data":null}', '{"errors":{"0":{}}}', '{"errors":[null]}', '[null]'])(
    'takes %s for an answer without data',
    async (body) => {
      answer(body);
      await expect(ask()).rejects.toMatchObject({ code: 'UNREADABLE', message: 'The answer holds no data.' });
    },
  );

  it.each(['', '<html>', '{"data":'])('takes %o for an answer that can’t be read', async (body) => {
    answer(body);
    await expect(ask()).rejects.toMatchObject({ code: 'UNREADABLE', message: expect.stringContaining('status 200') });
  });

  it('shows characters that would turn around the words beside them as what they are not', async () => {
    answer(JSON.stringify({ data: { name: '\u202Egnp.exe\u2066\u200F', list: ['\u061C', 'שלום'] } }));
    expect(await ask()).toEqual({ name: '\ufffdgnp.exe\ufffd\ufffd', list: ['\ufffd', 'שלום'] });
  });

  it('gives up a gateway that hangs, after a minute', async () => {
    hang();
    const outcome = expect(ask()).rejects.toMatchObject({ code: 'NETWORK' });
    await vi.advanceTimersByTimeAsync(59_999);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    await outcome;
  });

  it('leaves no clock running once there is an answer', async () => {
    answer('{"data":{"x":1}}');
    await ask();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('tells being called off from failing', async () => {
    hang();
    const calledOff = new AbortController();
    const outcome = ask(calledOff.signal).catch((error) => error);
    calledOff.abort();
    expect(isAbort(await outcome)).toBe(true);
  });
});
