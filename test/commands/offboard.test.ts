import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { toFailure } from '../../src/commands/failure.js';
import { createProgram } from '../../src/commands/program.js';
import { loadConfig } from '../../src/config.js';
import type { Database } from '../../src/database/database.js';
import { openDatabase } from '../../src/database/open.js';
import { loadDemo } from '../../src/demo/demo.js';
import { createPostgresqlDatabase, databaseKinds, fillDataDir } from '../support/databases.js';
import { type FakeUpstream, startFakeUpstream } from '../support/upstreams.js';

const rob = 'user_770e8400-e29b-41d4-a716-446655440003';
const vera = 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl';
const max = 'user_v18mvPOjOXE5733eO4cAz8k1pn492wKK';

/** Runs the command in this process; how it ended and what it wrote. */
async function run(...args: string[]) {
  const said = { code: 0, stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      said[name] += text;
      return true;
    }),
  );
  try {
    await createProgram().parseAsync(['offboard', ...args], { from: 'user' });
  } catch (error) {
    const { exitCode, message } = await toFailure(error);
    said.code = exitCode;
    said.stderr += message ?? '';
  } finally {
    for (const spy of spies) {
      spy.mockRestore();
    }
  }
  return said;
}

describe.each(databaseKinds)('divest offboard on %s', (kind) => {
  let folder: string;
  let upstream: FakeUpstream;
  let env: Record<string, string>;
  let drop = async () => {};
  const listeners = { SIGINT: process.listeners('SIGINT'), SIGTERM: process.listeners('SIGTERM') };

  const withDatabase = async <T>(work: (database: Database) => Promise<T>): Promise<T> => {
    const database = await openDatabase(loadConfig(env), pino({ level: 'silent' }));
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  };
  const rows = (sql: string) => withDatabase((database) => database.query<Record<string, unknown>>(sql));

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'divest-offboard-'));
    upstream = await startFakeUpstream('VOUCHERIFY');
    const file = join(folder, 'upstreams.json');
    await writeFile(file, JSON.stringify({ org_demo: { voucherify: upstream.section } }));
    env = { DIVEST_DATA_DIR: join(folder, 'data'), LOG_LEVEL: 'silent', DATABASE_URL: '', UPSTREAMS_FILE: file };
    if (kind === 'postgresql') {
      const database = await createPostgresqlDatabase();
      drop = database.drop;
      env['DATABASE_URL'] = database.url;
    } else {
      await fillDataDir(join(folder, 'data'));
    }
    await withDatabase(async (database) => {
      await loadDemo(database);
      // The same login in both organizations.
      await database.query(`update users set login = 'nina@demo.test' where id = 'user_bo'`);
    });
  });
  afterAll(async () => {
    await upstream.close();
    await drop();
    await rm(folder, { recursive: true });
  });
  beforeEach(() => {
    upstream.respondWith(null);
    for (const [name, value] of Object.entries(env)) {
      vi.stubEnv(name, value);
    }
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      for (const listener of process.listeners(signal)) {
        if (!listeners[signal].includes(listener)) {
          process.off(signal, listener);
        }
      }
    }
  });

  it('lists what would go, and changes nothing', async () => {
    const { code, stdout } = await run('--user', rob, '--dry-run');
    expect([code, stdout.split('\n')]).toEqual([
      0,
      [
        'Off-boarding rob@demo.test would take away:',
        '  project proj_TrlkLiH4 at VOUCHERIFY',
        '  role role_550e8400-e29b-41d4-a716-446655440000',
        '  role role_reporting',
        '  resource res_servers',
        'Sessions that would be ended: 1.',
        '',
      ],
    ]);
    expect(await rows('select id from offboardings')).toEqual([]);
    expect(upstream.requests).toEqual([]);
  });

  it('does all of it, waits for the other systems, and records who asked', async () => {
    upstream.assignments.add(`proj_TrlkLiH4 ${rob}`);
    const { code, stdout, stderr } = await run('--user', 'rob@demo.test', '--reason', 'left');
    expect(stderr).not.toContain('Note');
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^Off-boarding rob@demo\.test \(off_.*\)\.\n.*\n4 of 4 taken away\.\n$/),
    ]);
    expect(upstream.assignments.has(`proj_TrlkLiH4 ${rob}`)).toBe(false);
    const actor = `cli:${userInfo().username}`;
    expect(await rows(`select actor, credential, reason from offboardings`)).toEqual([
      { actor, credential: 'COMMAND_LINE', reason: 'left' },
    ]);
    expect(await rows(`select distinct state::text, actor, reason from revocations where user_id = '${rob}'`)).toEqual([
      { state: 'DONE', actor, reason: 'left' },
    ]);
    expect(await rows(`select active from users where id = '${rob}'`)).toEqual([{ active: false }]);
  });

  it('ends with 1 and names what was refused', async () => {
    upstream.respondWith(() => ({ status: 409, body: {} }));
    const { code, stdout, stderr } = await run('--user', max);
    expect([code, stdout]).toEqual([1, expect.stringContaining('0 of 1 taken away.')]);
    expect(stderr).toContain('1 were refused, and are still held:\n  project proj_TrlkLiH4 at VOUCHERIFY: CONFLICT');
  });

  it('leaves what is left to the gateways where it is interrupted', async () => {
    upstream.respondWith(() => ({ status: 500, body: 'broken' }));
    const ended = run('--user', vera);
    const timer = setInterval(() => {
      if (upstream.requests.some(({ path }) => path.includes(vera))) {
        clearInterval(timer);
        process.emit('SIGINT');
      }
    }, 20);
    const { code, stderr } = await ended;
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/Interrupted: 2 are left to the gateways\. Follow off_.* there\.$/),
    ]);
    expect(await rows(`select distinct state::text from revocations where user_id = '${vera}'`)).toEqual([
      { state: 'PENDING' },
    ]);
    expect(await rows('select count(*)::integer as count from upstream_calls')).toEqual([{ count: 2 }]);
  });

  it('goes on with what was under way before, and says how that ended', async () => {
    // Where nobody could do it, nobody waits.
    vi.stubEnv('UPSTREAMS_FILE', '');
    const elsewhere = await run('--user', vera);
    vi.stubEnv('UPSTREAMS_FILE', String(env['UPSTREAMS_FILE']));
    expect(elsewhere).toMatchObject({ code: 1, stdout: expect.stringContaining('0 of 0 taken away.') });
    expect(elsewhere.stderr).toMatch(
      /left to gateways whose file does:\n {2}project proj_TrlkLiH4 at VOUCHERIFY \(rev_\S+\)\n {2}project proj_winter at/,
    );
    const again = await run('--user', vera, '--dry-run');
    expect(again.stdout).toMatch(/before: 2\.\n {2}project proj_TrlkLiH4 at VOUCHERIFY \(rev_\S+\)\n/);
    expect(again.stdout).toContain(
      '  nothing\nSessions that would be ended: 0.\nRemovals that were under way before: 2.',
    );
    upstream.respondWith((request, act) =>
      request.path.includes('proj_winter') ? { status: 400, body: { key: 'other', request_id: 'v-1' } } : act(),
    );
    const { code, stdout, stderr } = await run('--user', vera);
    expect([code, stdout]).toEqual([
      1,
      expect.stringContaining('0 of 0 taken away, and 1 of 2 that were under way before.'),
    ]);
    expect(stderr).toContain(
      '1 were refused, and are still held:\n  project proj_winter at VOUCHERIFY: UPSTREAM_REJECTED',
    );
    expect(await rows(`select project_id from project_members where user_id = '${vera}'`)).toEqual([
      { project_id: 'proj_winter' },
    ]);
  });

  it('refuses the last administrator, whom it does not find, and what is no user', async () => {
    expect(await run('--user', 'user_ada')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('last active administrator'),
    });
    expect(await run('--user', 'nobody@demo.test')).toMatchObject({
      code: 1,
      stderr: 'There is no user nobody@demo.test.',
    });
    const several = await run('--user', 'nina@demo.test');
    expect(several).toMatchObject({ code: 1, stderr: expect.stringContaining('--organization (org_basic, org_demo)') });
    const elsewhere = await run('--user', 'user_ada', '--organization', 'org_basic');
    expect(elsewhere.stderr).toContain('There is no user user_ada in org_basic.');
    for (const wrong of [['--user', 'role_x'], [], ['--user', 'user_ada', '--organization', 'demo']]) {
      expect((await run(...wrong)).code).toBe(2);
    }
  });

  it('says so where it changes the directory alone', async () => {
    const { code, stdout, stderr } = await run('--user', 'nina@demo.test', '--organization', 'org_basic');
    expect([code, stdout]).toEqual([0, expect.stringContaining('1 of 1 taken away.')]);
    expect(stderr).toContain('Note: UPSTREAMS_FILE names no system of org_basic: only the directory is changed.');
  });

  it('draws a bar on a terminal', async () => {
    const isTTY = process.stderr.isTTY;
    Object.assign(process.stderr, { isTTY: true });
    upstream.respondWith(async (_request, act) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return act();
    });
    const { code, stderr } = await run('--user', 'user_mia').finally(() => Object.assign(process.stderr, { isTTY }));
    expect([code, stderr]).toEqual([0, expect.stringContaining('of 2, 0 refused')]);
  });
});
