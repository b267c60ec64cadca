import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CompiledCli, compileCli, type Running } from '../commands/compiled.js';
import { createPostgresqlDatabase, databaseKinds } from '../support/databases.js';
import { largeDirectory, largeSize } from './large-directory.js';

const gigabyte = 1024 ** 3;

// Takes three minutes, so it is asked for. How long each import took is printed, not tested: machines differ: LARGE_IMPORT=true npx vitest run test/import/large-import.test.ts
describe.skipIf(process.env['LARGE_IMPORT'] !== 'true')(
  'importing 100,000 users in five projects and five roles',
  () => {
    let cli: CompiledCli;
    let folder: string;

    beforeAll(async () => {
      [cli, folder] = await Promise.all([compileCli(), mkdtemp(join(tmpdir(), 'divest-large-'))]);
      await pipeline(Readable.from(largeDirectory(largeSize)), createWriteStream(join(folder, 'large.json')));
    });
    afterAll(async () => {
      await cli.remove();
      await rm(folder, { recursive: true });
    });

    it.each(databaseKinds)('is done in less than a gigabyte of memory on %s', { timeout: 600_000 }, async (kind) => {
      const database = kind === 'postgresql' ? await createPostgresqlDatabase() : null;
      const env = { DIVEST_DATA_DIR: join(folder, 'data'), DATABASE_URL: database?.url ?? '' };
      await cli.run(['migrate'], env);
      for (const round of ['first', 'again']) {
        const started = performance.now();
        const running = cli.start(['import', join(folder, 'large.json')], env);
        const [{ code, stderr }, peak] = await Promise.all([running.ended, watchMemory(running)]);
        const seconds = (performance.now() - started) / 1000;
        console.info(`${kind}, ${round}: ${seconds.toFixed(1)} s, ${Math.round(peak / 1024 ** 2)} MB`);
        expect([code, stderr]).toEqual([0, '']);
        expect(peak).toBeLessThan(gigabyte);
      }
      await database?.drop();
    });
  },
);

/** The most memory that a process has used until it ended, in bytes; 0 where the system doesn't tell. */
async function watchMemory({ pid, ended }: Running): Promise<number> {
  let peak = 0;
  const timer = setInterval(async () => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const [, kilobytes = '0'] = /VmHWM:\s+(\d+) kB/.exec(status) ?? [];
    peak = Math.max(peak, Number(kilobytes) * 1024);
  }, 100);
  await ended;
  clearInterval(timer);
  return peak;
}
