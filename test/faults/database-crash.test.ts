import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CompiledCli, openBuiltCli } from '../commands/compiled.js';
import { bearer } from '../support/gateway.js';
import { type CrashingServer, startPostgresql } from '../support/servers.js';
import { type RunningGateway, startGateway } from '../upstreams/running-gateway.js';
import { openConnection } from './connection.js';
import { fillDirectory, inspect, nothingWrong, planRemovals } from './directory.js';
import { isFull } from './extent.js';
import { isDone, startLoad, toWord } from './load.js';
import { hasOwnPostgresql, openUrl } from './own-servers.js';

const crashes = isFull ? 10 : 2;
const users = crashes * 400;
const mostMsUntilSuccess = 5_000;

describe.runIf(hasOwnPostgresql)(`a gateway whose PostgreSQL crashes under load, ${crashes} times`, () => {
  let cli: CompiledCli;
  let server: CrashingServer;
  let gateway: RunningGateway;
  beforeAll(async () => {
    cli = openBuiltCli();
    server = await startPostgresql({ survivesCrash: true });
    const database = await openUrl(server.url);
    await fillDirectory(database, users);
    await database.close();
    gateway = await startGateway(cli, { DATABASE_URL: server.url });
  });
  afterAll(async () => {
    await gateway.stop();
    await server.stop();
    await cli.remove();
  });

  it('never calls done what is not, says UNAVAILABLE, and goes on within five seconds', async () => {
    const load = startLoad(gateway.url, planRemovals(users), { headers: await bearer(), connections: 16 });
    const health = openConnection(gateway.url);
    const statusOf = async (path: string) => (await health.send(path, {})).status;
    for (let crash = 1; crash <= crashes; crash++) {
      const before = load.attempts.filter(isDone).length;
      await load.until((ended) => ended.filter(isDone).length >= before + 50, 'removals are done');
      await server.crash();
      const crashed = performance.now();
      expect([await statusOf('/health/live'), await statusOf('/health/ready')]).toEqual([200, 503]);
      await sleep(1_000);
      expect(load.attempts.some((one) => one.sentAt > crashed && toWord(one) === 'UNAVAILABLE')).toBe(true);
      await server.startAgain();
      const back = performance.now();
      await load.until((ended) => ended.some((one) => isDone(one) && one.sentAt > back), 'removals are done again');
      const first = load.attempts.find((one) => isDone(one) && one.sentAt > back);
      expect((first?.sentAt ?? 0) + (first?.ms ?? 0) - back).toBeLessThan(mostMsUntilSuccess);
      expect(await statusOf('/health/ready')).toBe(200);
    }
    const attempts = await load.stop();
    health.close();
    expect(new Set(attempts.map(toWord))).toEqual(new Set(['DONE', 'UNAVAILABLE']));
    const database = await openUrl(server.url);
    expect(await inspect(database, attempts)).toEqual(nothingWrong);
    await database.close();
  });
});
