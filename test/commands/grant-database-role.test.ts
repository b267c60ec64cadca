import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { toFailure } from '../../src/commands/failure.js';
import { createProgram } from '../../src/commands/program.js';
import { createPostgresqlDatabase, postgresUrl } from '../support/databases.js';
import { administer, createRole, type TestRole } from '../support/gateway-role.js';

/** Runs a command in this process as whoever the URL names; how it ended and what it said. */
async function run(url: string, ...args: string[]) {
  const said = { code: 0, stdout: '', stderr: '' };
  vi.stubEnv('DATABASE_URL', url);
  vi.stubEnv('LOG_LEVEL', 'silent');
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said.stdout += text;
    return true;
  });
  try {
    await createProgram().parseAsync(args, { from: 'user' });
  } catch (error) {
    const { exitCode, message } = await toFailure(error);
    said.code = exitCode;
    said.stderr = message ?? '';
  } finally {
    spy.mockRestore();
  }
  return said;
}

describe.runIf(postgresUrl)('divest grant-database-role', () => {
  let ownerUrl: string;
  let drop: () => Promise<void>;
  let role: TestRole;

  beforeAll(async () => {
    ({ url: ownerUrl, drop } = await createPostgresqlDatabase({ migrated: false }));
    role = await createRole(ownerUrl);
  });
  afterAll(async () => {
    await drop();
    await role.drop();
  });
  afterEach(() => vi.unstubAllEnvs());

  it('is wanted by a role that finds migrations missing and may not apply them', async () => {
    const { code, stderr } = await run(role.url, 'migrate');
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /^The database lacks \d{14}_directory, .*this role may not change its tables\. Run divest migrate/,
      ),
    ]);
    // As after an upgrade: the table that tells of migrations is there.
    expect(await run(ownerUrl, 'migrate')).toMatchObject({ code: 0 });
    expect(await run(role.url, 'migrate')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^The role of DATABASE_URL may not read the tables\. Run divest grant-database-role as/,
      ),
    });
    await administer(ownerUrl, `grant select on _prisma_migrations to ${role.name}`);
    const last = `(select max(migration_name) from _prisma_migrations)`;
    await administer(ownerUrl, `update _prisma_migrations set rolled_back_at = now() where migration_name = ${last}`);
    expect(await run(role.url, 'migrate')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^The database lacks \d{14}_\w+, and this role may not change its tables/),
    });
    await administer(ownerUrl, 'update _prisma_migrations set rolled_back_at = null');
  });

  it('is wanted by a role that lacks something, which is named', async () => {
    const { code, stderr } = await run(role.url, 'migrate');
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('lacks SELECT on organizations, INSERT on organizations'),
    ]);
    expect(stderr).toContain('UPDATE (settled_at) on grants');
    expect(stderr).toContain('Run divest grant-database-role as the owner of the tables.');
  });

  it('prints what it would do, and does it', async () => {
    const { stdout: statements } = await run(ownerUrl, 'grant-database-role', role.name, '--print');
    expect(statements).toContain(`GRANT SELECT, INSERT ON revocations TO "${role.name}";`);
    expect(await run(role.url, 'migrate')).toMatchObject({ code: 1 });
    expect(await run(ownerUrl, 'grant-database-role', role.name)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('can run a gateway on this database'),
    });
    expect(await run(role.url, 'migrate')).toEqual({ code: 0, stdout: 'The database is up to date.\n', stderr: '' });
  });

  it('takes back what the role had beyond that', async () => {
    await administer(ownerUrl, `grant delete, truncate, update on revocations to ${role.name}`);
    await run(ownerUrl, 'grant-database-role', role.name);
    await expect(administer(role.url, 'delete from revocations')).rejects.toMatchObject({ code: '42501' });
    await expect(administer(role.url, `update revocations set actor = ''`)).rejects.toMatchObject({ code: '42501' });
  });

  it.each([
    ['superuser', 'is a superuser'],
    ['createrole', 'may make itself a member of other roles (CREATEROLE)'],
  ])('refuses a role that is %s, and grants nothing', async (attribute, reason) => {
    await administer(ownerUrl, `revoke insert on users from ${role.name}; alter role ${role.name} ${attribute}`);
    const { code, stderr } = await run(ownerUrl, 'grant-database-role', role.name);
    await administer(ownerUrl, `alter role ${role.name} no${attribute}`);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`Nothing was granted, because ${role.name} could`)]);
    expect(stderr).toContain(reason);
    expect(await run(role.url, 'migrate')).toMatchObject({ stderr: expect.stringContaining('lacks INSERT on users.') });
  });

  it('refuses a role that is the owner’s, that may write all, or that has more through everybody', async () => {
    await administer(ownerUrl, `grant postgres to ${role.name}; grant pg_write_all_data to ${role.name}`);
    await administer(ownerUrl, 'grant delete on grants to public');
    const { code, stderr } = await run(ownerUrl, 'grant-database-role', role.name);
    await administer(ownerUrl, `revoke postgres, pg_write_all_data from ${role.name}`);
    await administer(ownerUrl, 'revoke delete on grants from public');
    expect(code).toBe(1);
    expect(stderr).toContain('is, or is a member of, the owner of the records');
    expect(stderr).toContain('is a member of pg_write_all_data');
    expect(stderr).toContain('has DELETE on grants');
    expect(await run(ownerUrl, 'grant-database-role', role.name)).toMatchObject({ code: 0 });
  });

  it('refuses whoever is not the owner, a role that is not there, and the embedded database', async () => {
    expect(await run(role.url, 'grant-database-role', role.name)).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Only the owner of the tables can do that. Check DATABASE_URL.',
    });
    expect(await run(ownerUrl, 'grant-database-role', 'nobody')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('There is no role nobody.'),
    });
    expect((await run(ownerUrl, 'grant-database-role', 'public')).code).toBe(2);
  });
});
