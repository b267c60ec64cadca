import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toFailure } from '../../src/commands/failure.js';
import { createProgram } from '../../src/commands/program.js';
import { loadConfig } from '../../src/config.js';
import type { Database } from '../../src/database/database.js';
import { openDatabase } from '../../src/database/open.js';
import { loadDemo } from '../../src/demo/demo.js';
import { findHorizon } from '../../src/export/horizon.js';
import { createPostgresqlDatabase, databaseKinds, fillDataDir, postgresUrl } from '../support/databases.js';
import { type CompiledCli, compileCli } from './compiled.js';

const stub = (name: 'stdout' | 'stderr', said: Record<string, string>) => {
  const write = process[name].write;
  process[name].write = (text: string | Uint8Array) => {
    said[name] += String(text);
    return true;
  };
  return () => {
    process[name].write = write;
  };
};

/** Runs the command in this process; how it ended and what it wrote. */
async function run(env: Readonly<Record<string, string>>, ...args: string[]) {
  const said = { code: 0, stdout: '', stderr: '' };
  const before = { ...process.env };
  Object.assign(process.env, env);
  const listeners = (['SIGINT', 'SIGTERM'] as const).map((signal) => [signal, process.listeners(signal)] as const);
  const restore = [stub('stdout', said as never), stub('stderr', said as never)];
  try {
    await createProgram().parseAsync(['export-records', ...args], { from: 'user' });
  } catch (error) {
    const { exitCode, message } = await toFailure(error);
    said.code = exitCode;
    said.stderr += message ?? '';
  } finally {
    for (const undo of restore) {
      undo();
    }
    for (const name of Object.keys(env)) {
      process.env[name] = before[name] ?? '';
    }
    for (const [signal, known] of listeners) {
      for (const listener of process.listeners(signal).filter((one) => !known.includes(one))) {
        process.off(signal, listener);
      }
    }
  }
  const records = said.stdout
    .split('\n')
    .filter(Boolean)
    .map((line): Record<string, unknown> => JSON.parse(line));
  return { ...said, records, ids: records.map(({ id }) => id) };
}

const columns = `id, organization_id, kind, state, code, requested_user, requested_target, actor, credential, requested_at,
  settled_at, trace_id`;

/** A record that was asked for and settled some seconds ago; not yet, where `settled` is null. */
const insert = (id: string, settled: number | null, organization = 'org_demo') => `
  insert into ${id.startsWith('grant') ? 'grants' : 'revocations'} (${columns}) values ('${id}', '${organization}', 'ROLE',
    '${settled === null ? 'PENDING' : 'DONE'}', null, 'someone', 'role_x', 'user_ada', 'BEARER',
    clock_timestamp() - interval '1 hour',
    ${settled === null ? 'null' : `clock_timestamp() - interval '${settled} seconds'`}, 'a trace')`;

describe.each(databaseKinds)('divest export-records on %s', (kind) => {
  let folder: string;
  let env: Record<string, string>;
  let drop = async () => {};

  const withDatabase = async <T>(work: (database: Database) => Promise<T>): Promise<T> => {
    const database = await openDatabase(loadConfig(env), pino({ level: 'silent' }));
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  };
  const execute = (...statements: string[]) =>
    withDatabase(async (database) => {
      for (const statement of statements) {
        await database.query(statement);
      }
    });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'divest-export-'));
    env = { DIVEST_DATA_DIR: join(folder, 'data'), LOG_LEVEL: 'silent', DATABASE_URL: '' };
    if (kind === 'postgresql') {
      const database = await createPostgresqlDatabase();
      drop = database.drop;
      env['DATABASE_URL'] = database.url;
    } else {
      await fillDataDir(join(folder, 'data'));
    }
    await withDatabase(loadDemo);
  });
  afterAll(async () => {
    await drop();
    await rm(folder, { recursive: true });
  });

  it('writes nothing where nothing is settled', async () => {
    await execute(insert('rev_pending', null));
    expect(await run(env)).toMatchObject({ code: 0, stdout: '', stderr: 'No records.\n' });
  });

  it('writes removals and grants in the order in which they were settled, with every field of their records', async () => {
    await execute(
      insert('rev_b', 600),
      insert('grant_a', 900),
      insert('rev_a', 300),
      insert('rev_elsewhere', 450, 'org_basic'),
      `update revocations set state = 'REFUSED', code = 'CONFLICT', settled_at = '2026-01-02T03:04:05.678Z',
         upstream_trace_id = 'theirs' where id = 'rev_pending'`,
    );
    const { code, ids, records, stderr } = await run(env);
    expect([code, ids, stderr]).toEqual([
      0,
      ['rev_pending', 'grant_a', 'rev_b', 'rev_elsewhere', 'rev_a'],
      '5 records, up to rev_a.\n',
    ]);
    expect(records[0]).toEqual({
      __typename: 'Revocation',
      id: 'rev_pending',
      organizationId: 'org_demo',
      kind: 'ROLE',
      state: 'REFUSED',
      code: 'CONFLICT',
      userId: null,
      projectId: null,
      roleId: null,
      globalRole: null,
      resourceId: null,
      projectRole: null,
      requestedUser: 'someone',
      requestedTarget: 'role_x',
      actor: 'user_ada',
      credential: 'BEARER',
      reason: null,
      requestedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      settledAt: '2026-01-02T03:04:05.678Z',
      traceId: 'a trace',
      system: null,
      upstreamTraceId: 'theirs',
      offboardingId: null,
      revocationId: null,
    });
    expect(records[1]).toMatchObject({ __typename: 'Grant', id: 'grant_a' });
    expect(Object.keys(records[1] ?? {})).toEqual(Object.keys(records[0] ?? {}));
  });

  it('leaves out no column of the two tables', async () => {
    const found = await withDatabase((database) =>
      database.query<{ name: string }>(
        `select distinct column_name as name from information_schema.columns
         where table_schema = 'public' and table_name in ('revocations', 'grants')`,
      ),
    );
    const { records } = await run(env);
    const toField = (name: string) => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
    expect(['__typename', ...found.map(({ name }) => toField(name))].sort()).toEqual(
      Object.keys(records[0] ?? {}).sort(),
    );
  });

  it('goes on after the last record of the export before, with what was settled since', async () => {
    const whole = await run(env);
    await execute(insert('rev_late', 60), insert('rev_later', 30), insert('rev_unsettled', null));
    expect((await run(env, '--after', String(whole.ids.at(-1)))).ids).toEqual(['rev_late', 'rev_later']);
    // Asked for long before, and settled now.
    await execute(
      `update revocations set state = 'DONE', settled_at = clock_timestamp() - interval '20 seconds'
       where id = 'rev_unsettled'`,
    );
    expect((await run(env, '--after', 'rev_later')).ids).toEqual(['rev_unsettled']);
    expect(await run(env, '--after', 'rev_unsettled')).toMatchObject({ code: 0, stdout: '' });
  });

  it('goes on among records that were settled at the same instant', async () => {
    const at = `(select settled_at from revocations where id = 'rev_a')`;
    const same = (table: string, id: string) =>
      `insert into ${table} (${columns}) values ('${id}', 'org_demo', 'ROLE', 'DONE', null, 'x', 'x', 'x', 'x', now(), ${at}, 'x')`;
    await execute(same('grants', 'grant_same'), same('revocations', 'rev_b-same'), same('revocations', 'rev_9'));
    expect((await run(env, '--after', 'rev_9')).ids.slice(0, 3)).toEqual(['rev_a', 'rev_b-same', 'rev_late']);
    expect((await run(env, '--after', 'grant_same')).ids.slice(0, 2)).toEqual(['rev_9', 'rev_a']);
  });

  it('writes those of one organization, and those since an instant', async () => {
    expect((await run(env, '--organization', 'org_basic')).ids).toEqual(['rev_elsewhere']);
    const fourMinutesAgo = new Date(Date.now() - 240_000).toISOString();
    expect((await run(env, '--since', fourMinutesAgo)).ids).toEqual(['rev_late', 'rev_later', 'rev_unsettled']);
  });

  it.each([
    [['--after', 'rev_nobody'], 1, 'There is no record rev_nobody.'],
    [['--organization', 'org_none'], 1, 'There is no organization org_none.'],
    [['--after', 'rev_still'], 1, 'rev_still is PENDING: no export had it.'],
    [['--after', 'user_ada'], 2, ''],
    [['--since', 'yesterday'], 2, ''],
    [['--since', '2026-01-01T00:00:00'], 2, ''],
    [['--after', 'rev_a', '--since', '2026-01-01T00:00:00Z'], 2, ''],
  ])('refuses %j', async (args, code, message) => {
    await execute(`${insert('rev_still', null)} on conflict do nothing`);
    const ended = await run(env, ...args);
    expect([ended.code, ended.stdout]).toEqual([code, '']);
    expect(ended.stderr).toContain(message);
  });
});

describe.runIf(postgresUrl)('an export from PostgreSQL', () => {
  let url: string;
  let drop: () => Promise<void>;
  let env: Record<string, string>;
  let cli: CompiledCli;
  let client: Client;

  beforeAll(async () => {
    [{ url, drop }, cli] = await Promise.all([createPostgresqlDatabase(), compileCli()]);
    env = { DATABASE_URL: url, LOG_LEVEL: 'silent' };
    client = new Client({ connectionString: url });
    await client.connect();
    await client.query(`insert into organizations (id, name) values ('org_demo', 'Demo')`);
  });
  afterAll(async () => {
    await client.end();
    await cli.remove();
    await drop();
  });

  it('waits for a removal that was settled and whose transaction goes on, so that none is missed', async () => {
    await client.query(insert('rev_second', 10));
    await client.query('begin');
    await client.query(insert('rev_first', 20));
    const exported = run(env);
    const timer = setTimeout(() => client.query('commit'), 1_500);
    expect((await exported).ids).toEqual(['rev_first', 'rev_second']);
    clearTimeout(timer);
  });

  it('waits for none that begin later, and a minute for one that doesn’t end', async () => {
    const database = await openDatabase(loadConfig(env), pino({ level: 'silent' }));
    const later = new Client({ connectionString: url });
    await later.connect();
    try {
      await client.query('begin');
      await client.query(insert('rev_under-way', 1));
      await expect(findHorizon(database, 500)).rejects.toThrow('Try again later');
      const horizon = findHorizon(database, 30_000);
      await expect.poll(() => database.poolState().open).toBeGreaterThan(0);
      setTimeout(async () => {
        await later.query('begin');
        await later.query(insert('rev_later', 1));
        await client.query('rollback');
      }, 500);
      expect(Date.now() - (await horizon).getTime()).toBeGreaterThan(4_000);
    } finally {
      await later.query('rollback');
      await later.end();
      await database.close();
    }
  });

  it('leaves what was settled in the last seconds to the next one', async () => {
    await client.query(insert('rev_just-now', 1));
    expect((await run(env, '--after', 'rev_second')).ids).toEqual([]);
  });

  describe('of many records', () => {
    const count = 150_000;
    beforeAll(async () => {
      await client.query(
        `insert into revocations (${columns}, reason)
         select 'rev_many-' || lpad(n::text, 7, '0'), 'org_demo', 'ROLE', 'DONE', null, 'someone', 'role_x', 'user_ada', 'BEARER',
           now(), now() - interval '1 day' + n * interval '1 millisecond', 'a trace', repeat('because ', 50)
         from generate_series(1, ${count}) n`,
      );
    });

    /** Runs a line of a shell in which $divest is the command, with a heap that doesn't hold a fraction of it all. */
    const inShell = (line: string) =>
      promisify(execFile)('bash', ['--norc', '-c', line], {
        env: {
          ...{ PATH: process.env['PATH'], DATABASE_URL: url, LOG_LEVEL: 'silent' },
          divest: `${process.execPath} --max-old-space-size=56 ${cli.path}`,
        },
      });

    it('takes little memory, also where it is read slowly, and writes every one', async () => {
      const { stdout } = await inShell(
        `set -o pipefail; $divest export-records --since 2000-01-01T00:00:00Z | (sleep 3; grep -c '"id":"rev_many-.*}$')`,
      );
      expect(stdout).toBe(`${count}\n`);
    });

    it('ends without a word where nobody reads on, with an exit code that says that it isn’t whole', async () => {
      const { stdout, stderr } = await inShell('$divest export-records | head -n 2 | cut -c 1-40; echo $PIPESTATUS');
      const line = '{"__typename":"Revocation","id":"rev_many-'.slice(0, 40);
      expect(stdout.split('\n')).toEqual([line, line, '1', '']);
      expect(stderr).toBe('');
    });

    it('can be interrupted, and tells after which line to go on', async () => {
      const running = cli.start(['export-records'], env);
      await running.waitFor('rev_many-0001000');
      running.kill('SIGINT');
      const { code, stdout, stderr } = await running.ended;
      const last = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as { id: string };
      expect(stdout.endsWith('}\n')).toBe(true);
      expect(stdout.split('\n').length).toBeLessThan(count);
      expect([code, stderr]).toEqual([1, `Interrupted. Every line is whole: go on with --after ${last.id}.\n`]);
    });
  });
});
