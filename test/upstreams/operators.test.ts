import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/log.js';
import { bearer, credentials, type Headers, type ServedGateway } from '../support/gateway.js';
import { remove } from '../support/removals.js';
import { eventually, openUpstreamWorld, type UpstreamWorld } from '../support/upstream-gateway.js';

const vera = 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl';
const uma = 'user_5ce7c2d833ea1e04d7e6c432';
type Line = Readonly<Record<string, unknown>>;

describe('what an operator sees of upstreams', () => {
  let world: UpstreamWorld;
  let administrator: Headers;
  beforeAll(async () => {
    world = await openUpstreamWorld('embedded');
    administrator = await bearer();
  });
  beforeEach(() => world.reset());
  afterAll(() => world.close());

  /** Runs with a gateway of its own: its breakers are closed, nothing is counted, and its log is kept. */
  async function withGateway(run: (gateway: ServedGateway, lines: Line[]) => Promise<void>): Promise<void> {
    const lines: Line[] = [];
    const log = createLogger({ logLevel: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) });
    const gateway = await world.serve({ log });
    try {
      await run(gateway, lines);
    } finally {
      await gateway.close();
    }
  }
  const input = { projectId: 'proj_TrlkLiH4', user: { id: vera } };
  const unassign = (gateway: ServedGateway) =>
    remove(gateway, 'unassignUserFromProject', input, credentials.management);
  /** What a gateway says of some metrics, in one answer. */
  const read = async (gateway: ServedGateway, names: RegExp) => {
    const text = await (await gateway.gateway.fetch('http://localhost/metrics')).text();
    return text.split('\n').filter((line) => !line.startsWith('#') && names.test(line));
  };
  /** Puts every attempt off, so that nothing is settled meanwhile. */
  const putOff = () => world.database.query(`update upstream_calls set next_attempt_at = now() + interval '1 hour'`);

  it('is one line for each call, with both trace ids, and nothing of its answer or the credential', async () => {
    await withGateway(async (gateway, lines) => {
      world.fakes.VOUCHERIFY.respondWith(() => ({
        ...{ status: 409, body: { code: 409, key: 'conflict', message: 'hunter2', request_id: 'v-17' } },
      }));
      const { traceId } = await unassign(gateway);
      const calls = lines.filter(({ msg }) => msg === 'upstream call');
      expect(calls).toMatchObject([
        {
          ...{
            level: 30,
            traceId,
            organization: 'org_demo',
            system: 'VOUCHERIFY',
            operation: 'remove',
            outcome: 'REFUSED',
          },
          ...{ code: 'CONFLICT', status: 409, attempts: 1, upstreamTraceId: 'v-17', durationMs: expect.any(Number) },
        },
      ]);
      expect(JSON.stringify(lines)).not.toMatch(/hunter2|voucherify-token|voucherify-id|127\.0\.0\.1/);
    });
  });

  it('is how many are PENDING and for how long, and calls by how they ended, in the first answer', async () => {
    await withGateway(async (gateway) => {
      world.fakes.VOUCHERIFY.respondWith(() => ({ status: 500 }));
      await unassign(gateway);
      await putOff();
      await world.database.query(`update upstream_calls set requested_at = now() - interval '1 hour'`);
      const lines = await read(gateway, /pending|calls_total/);
      expect(lines).toEqual([
        'divest_upstream_calls_total{system="VOUCHERIFY",operation="remove",outcome="UNKNOWN"} 1',
        'divest_upstream_pending{system="VOUCHERIFY"} 1',
        expect.stringMatching(/^divest_upstream_pending_age_seconds\{system="VOUCHERIFY"\} 36\d\d/),
      ]);
      await world.database.query('delete from upstream_calls');
      expect(await read(gateway, /pending/)).toEqual([]);
    });
  });

  it('is that it is DEGRADED while one is away, and everything else works', async () => {
    await withGateway(async (gateway, lines) => {
      world.fakes.VOUCHERIFY.respondWith((_request, _act, response) => {
        response.destroy();
        return null;
      });
      for (let attempt = 0; attempt < 5; attempt++) {
        await unassign(gateway);
        await world.database.query('delete from upstream_calls');
        await world.database.query(
          `insert into project_members (organization_id, project_id, user_id, role)
           values ('org_demo', 'proj_TrlkLiH4', $1, 'EDITOR')`,
          [vera],
        );
      }
      const ready = await gateway.gateway.fetch('http://localhost/health/ready');
      expect([ready.status, await ready.json()]).toEqual([200, { status: 'DEGRADED' }]);
      expect(lines).toContainEqual(
        expect.objectContaining({ msg: 'upstream breaker', system: 'VOUCHERIFY', breaker: 'OPEN' }),
      );
      // Left alone: refused at once, unsent, and put back.
      const sent = world.fakes.VOUCHERIFY.requests.length;
      expect(await unassign(gateway)).toMatchObject({
        code: 'UPSTREAM_UNAVAILABLE',
        outcomeUnknown: false,
        retryable: true,
      });
      expect(world.fakes.VOUCHERIFY.requests.length).toBe(sent);
      const answer = await remove(gateway, 'removeGlobalRole', { role: 'BASE_ROLE', user: { id: uma } }, administrator);
      expect(answer).toMatchObject({ applied: true });
      expect(await gateway.ask('{ viewer { credential } }', {}, credentials.management)).not.toHaveProperty('errors');
    });
  });

  it('is a warning at the start of calls whose system the settings name no more', async () => {
    world.fakes.VOUCHERIFY.respondWith(() => ({ status: 500 }));
    await withGateway(async (gateway) => {
      await unassign(gateway);
      await putOff();
    });
    await withGateway(async (_gateway, lines) => {
      expect(lines.filter(({ level }) => Number(level) >= 40)).toEqual([]);
    });
    const settings = readFileSync(world.upstreamsFile, 'utf8');
    writeFileSync(world.upstreamsFile, JSON.stringify({ org_demo: { entryguard: world.fakes.ENTRYGUARD.section } }));
    await withGateway(async (_gateway, lines) => {
      expect(lines).toMatchObject([
        {
          ...{ level: 40, organization: 'org_demo', system: 'VOUCHERIFY', calls: 1 },
          msg: 'calls are PENDING in a system that UPSTREAMS_FILE does not name',
        },
      ]);
    });
    writeFileSync(world.upstreamsFile, settings);
    await world.database.query('update upstream_calls set next_attempt_at = now()');
    world.fakes.VOUCHERIFY.respondWith(null);
    await withGateway(() =>
      eventually(async () => (await world.database.query('select from upstream_calls')).length === 0, 'it is made'),
    );
  });
});
