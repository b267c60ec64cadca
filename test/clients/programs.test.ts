import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRemoval } from '../../examples/clients/command-line.js';
import { credentials } from '../support/gateway.js';
import { type ServedDemo, serveDemo } from './served-demo.js';
import { examplesFolder, toEnvironment } from './unassign.js';

const root = join(import.meta.dirname, '../..');
const programs = readdirSync(examplesFolder, { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('main.ts'),
);

async function findClosedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

describe('as a program of its own', () => {
  let demo: ServedDemo;

  beforeAll(async () => {
    demo = await serveDemo();
  });
  afterAll(() => demo.close());

  const run = (program: string, ...parameters: string[]) => runAt(demo.url, program, ...parameters);

  const runAt = (url: string, program: string, ...parameters: string[]) => {
    const isScript = program.endsWith('.sh');
    const runner = isScript ? '/bin/bash' : process.execPath;
    const given = isScript ? [] : [join(root, 'test/support/run-typescript.mjs')];
    const env = toEnvironment({ url, headers: credentials.management });
    const ran = promisify(execFile)(runner, [...given, join(examplesFolder, program), ...parameters], {
      cwd: root,
      env,
    });
    return ran.then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }) => ({ code: code as number, stdout: stdout as string, stderr: stderr as string }),
    );
  };

  it('there are four', () => expect(programs).toHaveLength(4));

  it.each(programs)('%s ends with 0 where it is done, and with 1 where it is not', async (program) => {
    await demo.reset();
    expect(await run(program, 'proj_TrlkLiH4', 'vera@demo.test')).toEqual({
      code: 0,
      stdout: 'done: Unassigned vera@demo.test. Sessions: ENDED.\n',
      stderr: '',
    });
    expect(await run(program, 'proj_TrlkLiH4', 'user_v18mvPOjOXE5733eO4cAz8k1pn492wKK')).toEqual({
      code: 1,
      stdout: 'refused: Summer is the only project of the user, who keeps it.\n',
      stderr: '',
    });
  });

  it('they take a login that begins like an id for a login', () => {
    expect(readRemoval(['proj_x', 'user_vera@demo.test'])?.user).toEqual({ login: 'user_vera@demo.test' });
    expect(readRemoval(['proj_x', 'user_vera'])?.user).toEqual({ id: 'user_vera' });
  });

  it('so does the shell script', async () => {
    await demo.reset();
    await demo.rows(`update users set login = 'user_vera@demo.test' where login = 'vera@demo.test'`);
    const script = join(examplesFolder, 'curl/unassign-user-from-project.sh');
    const env = toEnvironment({ url: demo.url, headers: credentials.management });
    const { stdout } = await promisify(execFile)(script, ['proj_TrlkLiH4', 'user_vera@demo.test'], { env });
    expect(stdout).toContain('UnassignUserFromProjectSuccess');
  });

  it.each(programs)('%s says that it is not known where no answer is had', async (program) => {
    const nowhere = `http://127.0.0.1:${await findClosedPort()}/graphql`;
    expect(await runAt(nowhere, program, 'proj_TrlkLiH4', 'vera@demo.test')).toEqual({
      code: 1,
      stdout: expect.stringMatching(
        /^unknown: Not known to be removed: .*fetch failed \(http:\S+\)\. It is safe to ask again\.\n$/,
      ),
      stderr: '',
    });
  });

  it('the script for curl says so too', async () => {
    const nowhere = `http://127.0.0.1:${await findClosedPort()}/graphql`;
    expect(await runAt(nowhere, 'curl/unassign-user-from-project.sh', 'proj_TrlkLiH4', 'vera@demo.test')).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/\nNot known to be removed: no answer\. It is safe to ask again\.\n$/),
    });
  });

  it.each(programs)('%s says what it has to be told', async (program) => {
    const told = { code: 2, stdout: '', stderr: expect.stringMatching(/^Say which project, and which user .*\n$/) };
    expect(await run(program)).toEqual(told);
    expect(await run(program, 'proj_TrlkLiH4', '')).toEqual(told);
  });
});
