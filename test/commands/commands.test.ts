import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { DevelopmentSecretError } from '../../src/auth/development-issuer.js';
import { CommandError, toFailure } from '../../src/commands/failure.js';
import { createProgram } from '../../src/commands/program.js';
import { ConfigError, loadConfig } from '../../src/config.js';
import { lockDirectory } from '../../src/database/embedded-lock.js';
import { MigrationError } from '../../src/database/migrate.js';
import { openDatabase } from '../../src/database/open.js';
import { PublicSecretsError } from '../../src/demo/demo.js';
import { ListenError } from '../../src/http/server.js';
import { DirectoryBusyError, importError } from '../../src/import/problems.js';
import { createPostgresqlDatabase, databaseKinds } from '../support/databases.js';

const directory = {
  organizations: [{ id: 'org_acme', name: 'Acme', features: [] }],
  users: [{ id: 'user_ada', organization: 'org_acme', login: 'ada@acme.test', globalRoles: ['ADMIN'] }],
  sessions: [{ id: 'sess_1', user: 'user_ada', expiresAt: '2030-01-01T00:00:00Z' }],
};

/** Runs a command in this process, and returns what it wrote. */
async function run(...args: string[]) {
  const said = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      said[name] += text;
      return true;
    }),
  );
  try {
    await createProgram().parseAsync(args, { from: 'user' });
    return said;
  } finally {
    for (const spy of spies) {
      spy.mockRestore();
    }
  }
}

describe.each(databaseKinds)('the commands on %s', (kind) => {
  let folder: string;
  let env: Record<string, string>;
  let drop = async () => {};

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'divest-commands-'));
    env = { DIVEST_DATA_DIR: join(folder, 'data'), LOG_LEVEL: 'silent', DATABASE_URL: '' };
    if (kind === 'postgresql') {
      const database = await createPostgresqlDatabase({ migrated: false });
      drop = database.drop;
      env['DATABASE_URL'] = database.url;
    }
    await writeFile(join(folder, 'directory.json'), JSON.stringify(directory));
  });
  afterAll(async () => {
    await drop();
    await rm(folder, { recursive: true });
  });
  beforeEach(() => {
    for (const [name, value] of Object.entries(env)) {
      vi.stubEnv(name, value);
    }
  });
  afterEach(() => vi.unstubAllEnvs());

  async function rows(sql: string) {
    const database = await openDatabase(loadConfig(env), pino({ level: 'silent' }));
    try {
      return await database.query<Record<string, unknown>>(sql);
    } finally {
      await database.close();
    }
  }

  it('bring the database up to date', async () => {
    expect((await run('migrate')).stdout).toMatch(/^Applied \d{14}_directory, \d{14}_removals.*\.\n$/);
    expect(await run('migrate')).toEqual({ stdout: 'The database is up to date.\n', stderr: '' });
  });

  it('import a file', async () => {
    expect(await run('import', join(folder, 'directory.json'))).toEqual({
      stdout: 'Imported 1 organizations, 1 users, 1 sessions.\n',
      stderr: '',
    });
    const withoutAdministrator = { users: [{ id: 'user_ada', organization: 'org_acme', globalRoles: [] }] };
    await writeFile(join(folder, 'change.json'), JSON.stringify(withoutAdministrator));
    expect(await run('import', join(folder, 'change.json'))).toEqual({
      stdout: 'Imported 1 users.\n',
      stderr: 'Note: org_acme is left without an active user who holds ADMIN.\n',
    });
  });

  it('import nothing of a broken file', async () => {
    await writeFile(
      join(folder, 'broken.json'),
      JSON.stringify({ users: [{ id: 'user_x', organization: 'org_none' }] }),
    );
    await expect(run('import', join(folder, 'broken.json'))).rejects.toThrow(
      'users[0].organization: there is no organization org_none',
    );
  });

  it('issue a management token, show it once and store its hash', async () => {
    const args = ['--organization', 'org_acme', '--name', 'ci', '--expires-in', '90d'];
    const { stdout, stderr } = await run('issue-management-token', ...args);
    const [, id, token = ''] = /^X-Management-Id: (mgmt_\S+)\nX-Management-Token: (dvm_\S{43})\n$/.exec(stdout) ?? [];
    expect(stderr).toBe(`Keep the token now: it is not shown again. To revoke it: divest revoke-credential ${id}\n`);
    expect(
      await rows(
        `select id, organization_id, name, token_hash, revoked_at,
                round(extract(epoch from expires_at - created_at) / 86400)::integer as days from management_tokens`,
      ),
    ).toEqual([{ id, organization_id: 'org_acme', name: 'ci', token_hash: hash(token), revoked_at: null, days: 90 }]);
  });

  it('issue an API key, show it once and store its hash', async () => {
    const { stdout, stderr } = await run('issue-api-key', '--user', 'user_ada', '--name', 'laptop');
    const [, key = ''] = /^X-API-Key: (dvk_\S{43})\n$/.exec(stdout) ?? [];
    expect(stderr).not.toContain(key);
    expect(await rows('select organization_id, user_id, name, key_hash, expires_at from api_keys')).toEqual([
      { organization_id: 'org_acme', user_id: 'user_ada', name: 'laptop', key_hash: hash(key), expires_at: null },
    ]);
  });

  it('revoke a management token, an API key and a session, once', async () => {
    const [management] = await rows('select id from management_tokens');
    const [key] = await rows('select id from api_keys');
    for (const id of [String(management?.['id']), String(key?.['id']), 'sess_1']) {
      expect((await run('revoke-credential', id)).stderr).toBe(`${id} no longer works.\n`);
      expect((await run('revoke-credential', id)).stderr).toBe(`${id} had been revoked already.\n`);
    }
    const good = `select 1 from management_tokens where revoked_at is null
      union all select 1 from api_keys where revoked_at is null union all select 1 from sessions where ended_at is null`;
    expect(await rows(good)).toEqual([]);
  });

  it.each([
    [['issue-management-token', '--organization', 'org_none', '--name', 'x'], 'There is no organization org_none.'],
    [['issue-api-key', '--user', 'user_none', '--name', 'x'], 'There is no user user_none.'],
    [['revoke-credential', 'mgmt_none'], 'There is no management token mgmt_none.'],
    [['revoke-credential', 'key_none'], 'There is no API key key_none.'],
    [['revoke-credential', 'sess_none'], 'There is no session sess_none.'],
  ])('fail where there is nothing for %j', async (args, message) => {
    const error = await run(...args).catch((thrown: unknown) => thrown);
    expect(await toFailure(error)).toEqual({ exitCode: 1, message });
  });
});

const hash = (text: string) => createHash('sha256').update(text).digest('hex');

describe('a failure of a command', () => {
  it.each([
    [new CommandError('It can’t.'), 1],
    [new ConfigError(['PORT is wrong']), 2],
    [new ListenError('The port is in use.'), 1],
    [new MigrationError('It failed.'), 1],
    [new DevelopmentSecretError('It is damaged.'), 1],
    [new PublicSecretsError(['key_x']), 1],
    [new DirectoryBusyError(), 1],
    [importError('users[0]', 'is not JSON'), 1],
  ])('is told in its own words: %s', async (error, exitCode) => {
    expect(await toFailure(error)).toEqual({ exitCode, message: error.message });
  });

  it('is told in its own words where the embedded database is in use', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'divest-commands-'));
    const unlock = await lockDirectory(join(folder, 'database'));
    vi.stubEnv('DIVEST_DATA_DIR', folder);
    vi.stubEnv('DATABASE_URL', '');
    const failure = await run('migrate').then(() => null, toFailure);
    vi.unstubAllEnvs();
    await unlock();
    await rm(folder, { recursive: true });
    expect(failure).toMatchObject({ exitCode: 1, message: expect.stringContaining('is in use by') });
  });

  it('says no more than a name, a code and a place where nobody expected it', async () => {
    const error = Object.assign(new TypeError('select secret from host'), { code: 'E_ODD' });
    const { exitCode, message } = await toFailure(error);
    expect(exitCode).toBe(1);
    expect(message).toMatch(/^Something unexpected went wrong \(TypeError E_ODD.*\)\.$/);
    expect(message).not.toContain('secret');
  });
});
