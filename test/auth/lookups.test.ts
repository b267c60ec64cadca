import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { describe, expect, it, vi } from 'vitest';
import { createLookup } from '../../src/auth/lookups.js';
import { databaseKinds } from '../support/databases.js';
import { bearer, openTestGateway } from '../support/gateway.js';

/** Look-ups that are answered when the test says so. */
function controlled() {
  const asked: { readonly keys: readonly string[]; answer(): void; fail(): void }[] = [];
  const lookup = createLookup<string, string>(
    (keys) =>
      new Promise((resolve, reject) => {
        asked.push({
          keys,
          answer: () => resolve(keys.map((key) => key.toUpperCase())),
          fail: () => reject(new Error('away')),
        });
      }),
  );
  return { asked, lookup };
}

describe('looking credentials up', () => {
  it('asks at once for the first, and for all that came meanwhile together', async () => {
    const { asked, lookup } = controlled();
    const first = lookup('a');
    await sleep(0);
    const others = [lookup('b'), lookup('c'), lookup('b')];
    await sleep(0);
    expect(asked.map(({ keys }) => keys)).toEqual([['a']]);
    asked[0]?.answer();
    expect(await first).toBe('A');
    await sleep(0);
    expect(asked.map(({ keys }) => keys)).toEqual([['a'], ['b', 'c', 'b']]);
    asked[1]?.answer();
    expect(await Promise.all(others)).toEqual(['B', 'C', 'B']);
  });

  it('remembers nothing', async () => {
    const { asked, lookup } = controlled();
    for (const time of [0, 1]) {
      const found = lookup('a');
      await sleep(0);
      asked[time]?.answer();
      await found;
    }
    expect(asked).toHaveLength(2);
  });

  it('tells those who asked together of a failure, and nobody else', async () => {
    const { asked, lookup } = controlled();
    const first = lookup('a').catch(({ message }) => message);
    await sleep(0);
    const second = lookup('b');
    asked[0]?.fail();
    expect(await first).toBe('away');
    await sleep(0);
    asked[1]?.answer();
    expect(await second).toBe('B');
  });

  it('doesn’t wait for others for long', async () => {
    const { asked, lookup } = controlled();
    const stalled = lookup('a');
    await sleep(0);
    const second = lookup('b');
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    asked[1]?.answer();
    expect(await second).toBe('B');
    asked[0]?.answer();
    expect(await stalled).toBe('A');
    // Nobody was asked about twice: neither was the second one when the first was answered.
    await sleep(0);
    expect(asked.map(({ keys }) => keys)).toEqual([['a'], ['b']]);
  });
});

describe.runIf(databaseKinds.includes('postgresql'))('the callers of many requests at once', () => {
  it('are looked up by a few statements, and each is answered for itself', async () => {
    const gateway = await openTestGateway('postgresql');
    const document = '{ viewer { user { login } organization { id } } }';
    const callers = await Promise.all([
      bearer('user_nina', { roles: [] }),
      bearer('nobody', { roles: [] }),
      bearer('user_ines', { roles: [] }),
      bearer('user_nina', { roles: [], organization: 'org_nowhere' }),
    ]);
    await gateway.ask(document, {}, callers[0] ?? {});
    const spy = vi.spyOn(pg.Client.prototype, 'query');
    try {
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, index) => gateway.ask(document, {}, callers[index % 4] ?? {})),
      );
      const lookups = spy.mock.calls.filter(([query]) => JSON.stringify(query).includes('asked.place'));
      expect(lookups.length).toBeLessThan(50);
      const found = answers.map(({ data, errors }) => data ?? errors?.[0]?.extensions?.['code']);
      const organization = { id: 'org_demo' };
      const nina = { viewer: { user: { login: 'nina@demo.test' }, organization } };
      const nobody = { viewer: { user: null, organization } };
      const expected = [nina, nobody, 'UNAUTHENTICATED', 'UNAUTHENTICATED'];
      expect(found).toEqual(Array.from({ length: 100 }, (_, index) => expected[index % 4]));
    } finally {
      spy.mockRestore();
      await gateway.close();
    }
  });
});
