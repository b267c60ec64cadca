import { describe, expect, it, vi } from 'vitest';
import { createSmallGateway, send } from './small-gateway.js';

const check = async (gateway: ReturnType<typeof createSmallGateway>, path: string) => {
  const { status, body } = await send(gateway, {}, path);
  return [status, body];
};

const ready = [200, { status: 'ready' }];
const notReady = [503, { status: 'not ready' }];
const never = () => new Promise<never[]>(() => {});

describe('/health/ready', () => {
  it('says yes while the database answers', async () => {
    expect(await check(createSmallGateway(), '/health/ready')).toEqual(ready);
  });

  it('says no, and not why, where the database refuses', async () => {
    const query = () => Promise.reject(new Error('connect ECONNREFUSED db.internal'));
    expect(await check(createSmallGateway({ query }), '/health/ready')).toEqual(notReady);
  });

  it('says no where the database does not answer within a second, however many ask, and asks it once', async () => {
    const query = vi.fn(never);
    const gateway = createSmallGateway({ query });
    const start = performance.now();
    const answers = await Promise.all(Array.from({ length: 20 }, () => check(gateway, '/health/ready')));
    expect(answers).toEqual(Array(20).fill(notReady));
    expect(performance.now() - start).toBeLessThan(2000);
    expect(query).toHaveBeenCalledTimes(1);
  });

  it('asks again afterwards', async () => {
    const query = vi.fn().mockRejectedValueOnce(new Error('away')).mockResolvedValue([]);
    const gateway = createSmallGateway({ query });
    expect(await check(gateway, '/health/ready')).toEqual(notReady);
    expect(await check(gateway, '/health/ready')).toEqual(ready);
  });

  it.each([
    ['OPEN', 'DEGRADED'],
    ['HALF_OPEN', 'ready'],
    ['CLOSED', 'ready'],
  ] as const)('stays yes where the breaker of an upstream is %s, and says %s', async (breaker, status) => {
    const upstreams = { state: () => [{ organizationId: 'org_acme', system: 'VOUCHERIFY', breaker } as const] };
    expect(await check(createSmallGateway({ upstreams }), '/health/ready')).toEqual([200, { status }]);
    expect(await check(createSmallGateway({ upstreams, isDraining: () => true }), '/health/ready')).toEqual(notReady);
  });

  it('says no while the gateway is about to stop', async () => {
    expect(await check(createSmallGateway({ isDraining: () => true }), '/health/ready')).toEqual(notReady);
  });
});

describe('/health/live', () => {
  it('says yes even where the database is away and the gateway about to stop', async () => {
    const gateway = createSmallGateway({ query: never, isDraining: () => true });
    expect(await check(gateway, '/health/live')).toEqual([200, { status: 'live' }]);
  });
});

describe('a health route', () => {
  const gateway = createSmallGateway();

  it.each(['/health', '/health/', '/ready', '/health/live/', '/x/health/live', '/health/readyx', '//health/live'])(
    'is not at %s',
    async (path) => {
      expect((await send(gateway, {}, path)).status).toBe(404);
    },
  );

  it('is not behind an address of the graph that ends like one', async () => {
    expect((await send(gateway, {}, '/graphql?x=/health')).status).toBe(403);
  });

  it('takes GET and HEAD only', async () => {
    const { status, headers } = await send(gateway, { method: 'POST' }, '/health/live');
    expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });
});
