import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { unassignUserFromProject } from '../../examples/clients/waiting/unassign-user-from-project.js';
import { startServer } from '../../src/http/server.js';
import { credentials, type ServedGateway } from '../support/gateway.js';
import { openUpstreamWorld, type UpstreamWorld } from '../support/upstream-gateway.js';
import { examplesFolder, toEnvironment } from './unassign.js';

const root = join(import.meta.dirname, '../..');
const removal = { projectId: 'proj_TrlkLiH4', user: { login: 'vera@demo.test' } };

describe('the example that waits', () => {
  let world: UpstreamWorld;
  let gateway: ServedGateway;
  let server: Awaited<ReturnType<typeof startServer>>;
  let settings: { url: string; headers: typeof credentials.management };
  beforeAll(async () => {
    world = await openUpstreamWorld('embedded');
    gateway = await world.serve();
    const log = pino({ level: 'silent' });
    server = await startServer({ gateway: gateway.gateway, host: '127.0.0.1', port: 0, graceSeconds: 0, log });
    settings = { url: `${server.url}/graphql`, headers: credentials.management };
  });
  beforeEach(() => world.reset());
  afterAll(async () => {
    await server.close();
    await gateway.close();
    await world.close();
  });

  /** The system breaks at first, and is itself again when it is asked the second time. */
  const breakOnce = (afterwards: Parameters<typeof world.fakes.VOUCHERIFY.respondWith>[0]) => {
    world.fakes.VOUCHERIFY.respondWith(() => {
      world.fakes.VOUCHERIFY.respondWith(afterwards);
      return { status: 500 };
    });
  };
  const asked = () => world.fakes.VOUCHERIFY.requests.length;
  const patience = { firstMs: 50, longestMs: 200, totalMs: 20_000 };

  it('says done when the gateway has found out that it is', async () => {
    breakOnce(null);
    const outcome = await unassignUserFromProject(settings, removal, patience);
    expect(outcome).toEqual({ state: 'done', message: 'VOUCHERIFY has removed it after all.' });
    expect([asked(), await world.has('VOUCHERIFY', 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl', 'proj_TrlkLiH4')]).toEqual([
      2,
      false,
    ]);
  });

  it('says refused when the system has refused it after all', async () => {
    breakOnce(() => ({ status: 400, body: { code: 400, key: 'only_project', message: 'It is the only one' } }));
    const outcome = await unassignUserFromProject(settings, removal, patience);
    expect(outcome).toEqual({ state: 'refused', message: 'VOUCHERIFY refused it (UPSTREAM_REJECTED).' });
    expect(asked()).toBe(2);
  });

  it('says that it is not known, and where to look, when its patience is at an end', async () => {
    world.fakes.VOUCHERIFY.respondWith(() => ({ status: 500 }));
    const outcome = await unassignUserFromProject(settings, removal, { ...patience, totalMs: 300 });
    expect(outcome).toMatchObject({
      ...{ state: 'unknown', message: expect.stringMatching(/^VOUCHERIFY may have done it, or not: see rev_/) },
    });
  });

  it('is a program that ends with 0 where it was done after all', async () => {
    breakOnce(null);
    const runner = join(root, 'test/support/run-typescript.mjs');
    const program = join(examplesFolder, 'waiting/main.ts');
    const parameters = [runner, program, 'proj_TrlkLiH4', 'vera@demo.test'];
    const { stdout } = await promisify(execFile)(process.execPath, parameters, {
      cwd: root,
      env: toEnvironment(settings),
    });
    expect(stdout).toBe('done: VOUCHERIFY has removed it after all.\n');
  });
});
