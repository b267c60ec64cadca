import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CompiledCli, openBuiltCli } from '../commands/compiled.js';
import { openTestDatabase, postgresUrl, type TestDatabase } from '../support/databases.js';
import { bearer } from '../support/gateway.js';
import { type RunningGateway, startGateway } from '../upstreams/running-gateway.js';
import { fillDirectory } from './directory.js';
import { isFull } from './extent.js';
import { type Sample, summarize, takeSample } from './samples.js';
import { type SteadyLoad, startSteadyLoad } from './steady-load.js';

// The third and the last tenth are compared: of ten minutes, minute three, when all is warm, and minute ten.
const seconds = Number(process.env['SOAK_SECONDS'] ?? (isFull ? 600 : 0));
const users = 1_000;
const share = 0.6;
const collection = new URL('collect-garbage.mjs', import.meta.url).href;
// Several times in each of the two tenths.
const collectEvery = Math.max(1, Math.floor(seconds / 40));

describe.runIf(postgresUrl && seconds > 0)(`a gateway that works at ${share * 100} % of what it can do`, () => {
  let cli: CompiledCli;
  let database: TestDatabase;
  let gateway: RunningGateway;
  beforeAll(async () => {
    cli = openBuiltCli();
    database = await openTestDatabase('postgresql');
    await fillDirectory(database, users);
    // Limits are counted, and never reached.
    gateway = await startGateway(cli, {
      DATABASE_URL: database.url ?? '',
      RATE_LIMIT_PER_MINUTE: '1000000',
      NODE_OPTIONS: `--import ${collection}`,
    });
  });
  afterAll(async () => {
    await gateway.stop();
    await database.close();
    await cli.remove();
  });

  /** How many requests a second it answers of a load that wants more, once it is warm. */
  async function findPeak(load: SteadyLoad): Promise<number> {
    await sleep(5_000);
    const before = load.answered();
    await sleep(5_000);
    return (load.answered() - before) / 5;
  }

  /** One sample a second. */
  async function watch(): Promise<Sample[]> {
    const samples: Sample[] = [];
    const start = performance.now();
    while (samples.length < seconds) {
      await sleep(start + (samples.length + 1) * 1_000 - performance.now());
      if (samples.length % collectEvery === 0) {
        gateway.running.kill('SIGUSR2');
      }
      samples.push(await takeSample(gateway));
    }
    return samples;
  }

  const patience = { timeout: seconds * 2_000 + 120_000 };
  it(`holds no more in the end than it did when it was warm (${seconds} s)`, patience, async () => {
    const load = startSteadyLoad(gateway.url, await bearer(), { connections: 16, users });
    const peak = await findPeak(load);
    load.limitTo(share * peak);
    const before = load.answered();
    const samples = await watch();
    const perSecond = (load.answered() - before) / seconds;
    const wrong = await load.stop();
    const [warm, late] = [summarize(samples, 0.2, 0.3), summarize(samples, 0.9, 1)];
    console.info({ peak, perSecond, warm, late });
    expect(wrong).toEqual([]);
    expect(late.heap).toBeLessThan(warm.heap * 1.05 + 2);
    // How much the process keeps for the garbage to come differs by a tenth from minute to minute.
    expect(late.resident).toBeLessThan(warm.resident * 1.1 + 8);
    expect(late.descriptors).toBeLessThan(warm.descriptors + 2);
    expect(late.connections).toBeLessThan(warm.connections + 1);
  });
});
