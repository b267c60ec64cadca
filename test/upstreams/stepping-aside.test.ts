import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bearer } from '../support/gateway.js';
import { remove } from '../support/removals.js';
import { openUpstreamGateway, type UpstreamGateway } from '../support/upstream-gateway.js';
import { isByFetch } from '../support/ways-in.js';

// With two connections to the database, three requests are worked on where organizations share the gateway.
const removals = 12;
const settings = { DATABASE_POOL_SIZE: '2' };

// Whoever comes by the fetch API is not counted.
describe.skipIf(isByFetch)('a gateway whose organizations share it', () => {
  let gateway: UpstreamGateway;
  beforeAll(async () => {
    gateway = await openUpstreamGateway('embedded', settings);
  });
  afterAll(() => gateway.close());

  it('goes on with others’ requests and the organization’s own while many of its removals wait for a system', async () => {
    const { requests, respondWith } = gateway.fakes.ENTRYGUARD;
    const administrator = await bearer();
    const ask = (headers: Readonly<Record<string, string>>) => gateway.ask('{ users { totalCount } }', {}, headers);
    const other = await bearer('user_bo', { roles: ['ORG_ADMIN'], organization: 'org_basic' });
    await ask(administrator);
    await ask(other);
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    respondWith(async (_request, act) => {
      await answered;
      return act();
    });
    const input = (i: number) => ({
      roleId: 'role_550e8400-e29b-41d4-a716-446655440000',
      user: { id: `770e8400-e29b-41d4-a716-4466554401${10 + i}` },
    });
    const waiting = Array.from({ length: removals }, (_, i) =>
      remove(gateway, 'unassignUserFromRole', input(i), administrator),
    );
    await vi.waitFor(() => expect(requests).toHaveLength(removals), { timeout: 10_000 });
    expect(await Promise.all([ask(administrator), ask(other)])).toEqual([
      expect.objectContaining({ data: expect.anything() }),
      expect.objectContaining({ data: expect.anything() }),
    ]);
    answer();
    expect(new Set((await Promise.all(waiting)).map(({ __typename }) => __typename)).size).toBe(1);
  });
});
