import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Queries } from '../../src/database/database.js';
import { openDatabase } from '../../src/database/open.js';
import { type CompiledCli, openBuiltCli } from '../commands/compiled.js';
import { fillDataDir, openTestDatabase, postgresUrl } from '../support/databases.js';
import { bearer } from '../support/gateway.js';
import { eventually } from '../support/upstream-gateway.js';
import { startGateway } from '../upstreams/running-gateway.js';
import { fillDirectory, inspect, nothingWrong, planRemovals } from './directory.js';
import { isFull } from './extent.js';
import { type Attempt, isDone, startLoad } from './load.js';

const kills = isFull ? 30 : 3;
const users = kills * 200;
const log = pino({ level: 'silent' });

let cli: CompiledCli;
beforeAll(() => {
  cli = openBuiltCli();
});
afterAll(() => cli.remove());

/** Kills a gateway under load again and again; `look` opens what it has left behind. */
async function killUnderLoad(
  env: Readonly<Record<string, string>>,
  look: (work: (queries: Queries) => Promise<void>) => Promise<void>,
): Promise<void> {
  const headers = await bearer();
  const removals = planRemovals(users);
  const attempts: Attempt[] = [];
  for (let kill = 1; kill <= kills; kill++) {
    const gateway = await startGateway(cli, env);
    const load = startLoad(gateway.url, removals, { headers, connections: 8 });
    await load.until((ended) => ended.filter(isDone).length >= 20, 'removals are done');
    await sleep(Math.random() * 200);
    await gateway.kill();
    const ended = await load.stop();
    expect(ended.filter(({ failure }) => failure === null).every(isDone)).toBe(true);
    expect(ended.filter(({ failure }) => failure !== null).length).toBeGreaterThan(0);
    attempts.push(...ended);
    await look(async (queries) => {
      expect(await inspect(queries, attempts), `after ${kill} kills`).toEqual(nothingWrong);
    });
  }
}

describe(`a gateway that is killed under load, ${kills} times`, () => {
  it.runIf(postgresUrl)('has done on PostgreSQL what it acknowledged, and nothing by half', async () => {
    const database = await openTestDatabase('postgresql');
    await fillDirectory(database, users);
    // The server goes on with the statements of a client that is gone.
    const underWay = `select from pg_stat_activity
      where datname = current_database() and state = 'active' and pid <> pg_backend_pid()`;
    await killUnderLoad({ DATABASE_URL: database.url ?? '' }, async (work) => {
      await eventually(async () => (await database.query(underWay)).length === 0, 'the server has ended all');
      await work(database);
    });
    await database.close();
  });

  it('has done on an embedded database what it acknowledged, and nothing by half', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'divest-killed-'));
    const [dataDir, copy] = [join(folder, 'data'), join(folder, 'copy')];
    const open = (dir: string) => openDatabase({ databaseUrl: null, dataDir: dir, databasePoolSize: 1 }, log);
    await fillDataDir(dataDir);
    const database = await open(dataDir);
    await fillDirectory(database, users);
    await database.close();
    // Looked at as a copy, so that the next gateway finds what the kill has left, and not what looking has mended.
    await killUnderLoad({ DIVEST_DATA_DIR: dataDir }, async (work) => {
      await cp(join(dataDir, 'database'), join(copy, 'database'), { recursive: true });
      const left = await open(copy);
      await work(left);
      await left.close();
      await rm(copy, { recursive: true });
    });
    await rm(folder, { recursive: true });
  });
});
