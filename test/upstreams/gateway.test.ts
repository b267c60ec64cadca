import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.js';
import type { Connector, Upstreams } from '../../src/upstreams/connector.js';
import { createUpstreams } from '../../src/upstreams/upstreams.js';
import { credentials, openTestGateway, type TestGateway } from '../support/gateway.js';
import { type FakeUpstream, startFakeUpstream } from '../support/upstreams.js';
import { calls, traceId } from './connect.js';

describe('a gateway with upstreams', () => {
  const folder = mkdtempSync(join(tmpdir(), 'divest-gateway-'));
  const path = join(folder, 'upstreams.json');
  let upstream: FakeUpstream;
  let served: TestGateway;

  beforeAll(async () => {
    upstream = await startFakeUpstream('VOUCHERIFY');
    writeFileSync(path, JSON.stringify({ org_demo: { voucherify: upstream.section } }));
    served = await openTestGateway('embedded', { UPSTREAMS_FILE: path, METRICS: 'on' });
  });
  afterAll(async () => {
    await Promise.all([served.close(), upstream.close()]);
    rmSync(folder, { recursive: true });
  });

  it('is ready, shows their breakers, and asks nothing of them on its own', async () => {
    const ready = await served.gateway.fetch('http://localhost/health/ready');
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready' }]);
    const metrics = await (await served.gateway.fetch('http://localhost/metrics')).text();
    expect(metrics).toContain('divest_upstream_breakers{system="VOUCHERIFY",state="CLOSED"} 1');
    await served.ask('{ viewer { credential } }', {}, credentials.management);
    expect(upstream.requests).toEqual([]);
  });
});

describe('two organizations with different upstreams', () => {
  const folder = mkdtempSync(join(tmpdir(), 'divest-two-'));
  const path = join(folder, 'upstreams.json');
  let fakes: readonly [FakeUpstream, FakeUpstream];
  let upstreams: Upstreams;

  beforeAll(async () => {
    fakes = [await startFakeUpstream('ENTRYGUARD'), await startFakeUpstream('ENTRYGUARD')];
    const [one, two] = fakes;
    const sections = { org_one: { entryguard: one.section }, org_two: { entryguard: two.section } };
    writeFileSync(path, JSON.stringify(sections));
    const { upstreams: settings } = loadConfig({ UPSTREAMS_FILE: path });
    upstreams = createUpstreams({ settings, log: pino({ level: 'silent' }), onCall: () => {} });
  });
  afterAll(async () => {
    await Promise.all([upstreams.close(), ...fakes.map((fake) => fake.close())]);
    rmSync(folder, { recursive: true });
  });

  it('are each served by their own', async () => {
    const [one, two] = fakes;
    const connector = upstreams.find('org_two', 'ENTRYGUARD') as Connector;
    await connector.grant(calls.ENTRYGUARD, { traceId });
    expect([one.requests.length, two.requests.length]).toEqual([0, 1]);
    expect(upstreams.all().map(({ organizationId }) => organizationId)).toEqual(['org_one', 'org_two']);
  });

  it('have none of a system that they don’t name, and others have none at all', () => {
    expect(upstreams.find('org_one', 'COGNIGY')).toBeNull();
    expect(upstreams.find('org_three', 'ENTRYGUARD')).toBeNull();
    expect(upstreams.find('', 'ENTRYGUARD')).toBeNull();
  });

  it('are closed without cutting off what is under way', async () => {
    const [one] = fakes;
    one.respondWith(async (_request, act) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return act();
    });
    const outcome = upstreams.find('org_one', 'ENTRYGUARD')?.remove(calls.ENTRYGUARD, { traceId });
    await new Promise((resolve) => setTimeout(resolve, 30));
    await upstreams.close();
    expect(await outcome).toMatchObject({ kind: 'ALREADY_GONE' });
  });
});
