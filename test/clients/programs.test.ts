import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { credentials } from '../support/gateway.js';
import { type ServedDemo, serveDemo } from './served-demo.js';
import { examplesFolder, toEnvironment } from './unassign.js';

const root = join(import.meta.dirname, '../..');
const programs = readdirSync(examplesFolder, { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('main.ts'),
);

describe('as a program of its own', () => {
  let demo: ServedDemo;

  beforeAll(async () => {
    demo = await serveDemo();
  });
  afterAll(() => demo.close());

  const run = (program: string, ...parameters: string[]) => {
    const runner = join(root, 'test/support/run-typescript.mjs');
    const env = toEnvironment({ url: demo.url, headers: credentials.management });
    const ran = promisify(execFile)(process.execPath, [runner, join(examplesFolder, program), ...parameters], {
      cwd: root,
      env,
    });
    return ran.then(
      ({ stdout }) => ({ code: 0, stdout }),
      ({ code, stdout }) => ({ code: code as number, stdout: stdout as string }),
    );
  };

  it('there are three', () => expect(programs).toHaveLength(3));

  it.each(programs)('%s ends with 0 where it is done, and with 1 where it is not', async (program) => {
    await demo.reset();
    expect(await run(program, 'proj_TrlkLiH4', 'vera@demo.test')).toEqual({
      code: 0,
      stdout: 'done: Unassigned vera@demo.test. Sessions: ENDED.\n',
    });
    expect(await run(program, 'proj_TrlkLiH4', 'user_v18mvPOjOXE5733eO4cAz8k1pn492wKK')).toEqual({
      code: 1,
      stdout: 'refused: Summer is the only project of the user, who keeps it.\n',
    });
  });
});
