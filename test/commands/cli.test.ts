import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoCredentials } from '../../src/demo/credentials.js';
import { fillDataDir } from '../support/databases.js';
import { type CompiledCli, compileCli, type Running } from './compiled.js';

const commands = [
  ...['serve', 'migrate', 'import', 'issue-management-token', 'issue-api-key', 'revoke-credential'],
  ...['sign-token', 'print-schema', 'export-records', 'grant-database-role'],
];

let cli: CompiledCli;
let dataDir: string;

beforeAll(async () => {
  [cli, dataDir] = await Promise.all([compileCli(), mkdtemp(join(tmpdir(), 'divest-cli-'))]);
});
afterAll(async () => {
  await cli.remove();
  await rm(dataDir, { recursive: true, force: true });
});

describe('the command line', () => {
  it.each(commands)('explains %s, with an example', async (command) => {
    const { code, stdout } = await cli.run([command, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: divest ${command}`);
    expect(stdout).toMatch(/Example:\n {2}\$ .*divest /);
  });

  it('lists its commands and exit codes, and tells its version', async () => {
    const [help, version] = await Promise.all([cli.run(['--help']), cli.run(['--version'])]);
    for (const command of commands) {
      expect(help.stdout).toContain(`  ${command} `);
    }
    expect(help.stdout).toContain('0 done, 1 failed, 2 wrong usage or wrong settings');
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [[], 'Usage: divest'],
    [['no-such-command'], "unknown command 'no-such-command'"],
    [['serve', '--no-such-option'], "unknown option '--no-such-option'"],
    [['serve', 'more'], 'too many arguments'],
    [['import'], "missing required argument 'file'"],
    [['issue-api-key', '--name', 'x'], "required option '--user <id>' not specified"],
    [['issue-api-key', '--user', 'org_x', '--name', 'x'], 'It must be user_ and 1 to 64 letters'],
    [['issue-api-key', '--user', 'user_x', '--name', ' '], 'It must have 1 to 254 characters'],
    [['issue-api-key', '--user', 'user_x', '--name', 'x', '--expires-in', '0d'], 'It must be a duration such as'],
    [['issue-api-key', '--user', 'user_x', '--name', 'x', '--expires-in', '3651d'], 'at most 3650d'],
    [['issue-management-token', '--organization', 'acme', '--name', 'x'], 'It must be org_ and 1 to 64 letters'],
    [['revoke-credential', 'user_x'], 'It must be mgmt_, key_ or sess_'],
    [['sign-token', '--subject', 'x', '--organization', 'org_x', '--roles', 'KING'], 'They must be of ORG_ADMIN'],
  ])('says what is wrong with %j, and exits with 2', async (args, message) => {
    const { code, stdout, stderr } = await cli.run(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/\n {4}at /);
  });

  it('names every wrong setting, and exits with 2', async () => {
    const { code, stderr } = await cli.run(['serve'], { PORT: 'x', GRAPHIQL: 'maybe', DIVEST_DATA_DIR: dataDir });
    expect(code).toBe(2);
    expect(stderr).toMatch(/PORT must be .*\n {2}GRAPHIQL must be /);
  });

  it('signs a token, alone on its line', async () => {
    const args = [
      'sign-token',
      '--subject',
      'x',
      '--organization',
      'org_x',
      '--roles',
      'ORG_ADMIN',
      '--expires-in',
      '90s',
    ];
    const { code, stdout, stderr } = await cli.run(args, { DIVEST_DATA_DIR: dataDir });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const claims = JSON.parse(Buffer.from(stdout.split('.')[1] ?? '', 'base64url').toString());
    expect(claims).toMatchObject({ sub: 'x', org: 'org_x', roles: ['ORG_ADMIN'] });
    expect(claims.exp - claims.iat).toBe(90);
  });

  it.each([
    ['in production', { NODE_ENV: 'production', ALLOW_EMBEDDED_DATABASE: 'true' }],
    [
      'where another issuer is configured',
      { JWT_ISSUER: 'https://issuer.test', JWT_AUDIENCE: 'x', JWT_SECRET: 'x'.repeat(32) },
    ],
  ])('signs no token %s', async (_where, env) => {
    const { code, stdout, stderr } = await cli.run(['sign-token', '--subject', 'x', '--organization', 'org_x'], {
      DIVEST_DATA_DIR: dataDir,
      ...env,
    });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Only the development issuer signs tokens here');
  });

  it('prints the schema, with the prefix that is set', async () => {
    const { code, stdout } = await cli.run(['print-schema'], { SCHEMA_TYPE_PREFIX: 'Divest' });
    expect(code).toBe(0);
    expect(stdout).toContain('union DivestRemoveGlobalRoleResult =');
  });

  it('fails without naming the host, the user or the password where the database is away', async () => {
    const url = 'postgresql://someone:secret-password@127.0.0.1:1/directory';
    const { code, stderr } = await cli.run(['migrate'], { DATABASE_URL: url });
    expect(code).toBe(1);
    expect(stderr).toBe(
      'The database cannot be opened (ECONNREFUSED). Check DATABASE_URL, and that the server is running.\n',
    );
  });

  it('fails where the data directory can’t be used', async () => {
    const file = join(dataDir, 'a-file');
    await writeFile(file, '');
    const { code, stderr } = await cli.run(['migrate'], { DIVEST_DATA_DIR: file });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^The embedded database cannot be opened \(E\w+\). Check DIVEST_DATA_DIR/);
  });
});

describe('divest serve', () => {
  let env: Record<string, string>;
  let first: Running;

  beforeAll(async () => {
    env = { DIVEST_DATA_DIR: join(dataDir, 'served'), PORT: '0', SHUTDOWN_GRACE_SECONDS: '60' };
    first = cli.start(['serve'], env);
    await first.waitFor('curl ');
  });

  const addressIn = (text: string) => /http:\S+\/graphql/.exec(text)?.[0] ?? '';

  async function ask(url: string, headers: Record<string, string>, query: string): Promise<unknown> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify({ query }),
    });
    return response.json();
  }

  // What a shell would make of the line: the options are quoted, and hold no quotes themselves.
  function parseCurl(text: string) {
    const line = text.split('\n').find((candidate) => candidate.trim().startsWith('curl ')) ?? '';
    const quoted = [...line.matchAll(/(-H|--data) '([^']*)'/g)];
    const headers = quoted.filter(([, option]) => option === '-H').map(([, , value = '']) => value.split(': '));
    const [, , body = ''] = quoted.find(([, option]) => option === '--data') ?? [];
    return {
      url: line.split(' ').find((word) => word.startsWith('http')) ?? '',
      headers: Object.fromEntries(headers),
      body,
    };
  }

  it('names the pages that can be opened in a browser', async () => {
    const text = await first.waitFor('curl ');
    const url = addressIn(text);
    const page = await fetch(url, { headers: { Accept: 'text/html' } });
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(text).toContain(`\nGraphiQL, in a browser: ${url}\n`);
    expect(text).toContain(`\nThe console, in a browser: ${new URL('/console', url)}\n`);
  });

  it('prints one line for curl that works', async () => {
    const { url, headers, body } = parseCurl(await first.waitFor('curl '));
    const response = await fetch(url, { method: 'POST', headers, body });
    expect(await response.json()).toEqual({
      data: {
        unassignUserFromProject: {
          ...{ __typename: 'UnassignUserFromProjectSuccess', applied: false },
          ...{ sessionEffect: 'ENDED', canStartSession: true },
        },
      },
    });
  });

  it('prints credentials that work, and says that they are public', async () => {
    const text = await first.waitFor('curl ');
    expect(text).toContain('Its secrets are public');
    const bearer = /Authorization: (Bearer \S+)/.exec(text)?.[1] ?? '';
    const viewer = '{ viewer { credential organization { id } } }';
    const answer = (credential: string, id = 'org_demo') => ({
      data: { viewer: { credential, organization: { id } } },
    });
    const url = addressIn(text);
    expect(await ask(url, { Authorization: bearer }, viewer)).toEqual(answer('BEARER'));
    for (const [, key = ''] of text.matchAll(/X-API-Key: (\S+)/g)) {
      expect(await ask(url, { 'X-API-Key': key }, viewer)).toEqual(answer('API_KEY'));
    }
    const { id, token } = demoCredentials.basicManagementToken;
    expect(text).toContain(`X-Management-Id: ${id}\n  X-Management-Token: ${token}`);
    const headers = { 'X-Management-Id': id, 'X-Management-Token': token };
    expect(await ask(url, headers, viewer)).toEqual(answer('MANAGEMENT_TOKEN', 'org_basic'));
  });

  it('has the embedded database for itself', async () => {
    const { code, stderr } = await cli.run(['issue-api-key', '--user', 'user_ada', '--name', 'x'], env);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^The embedded database in .* is in use by /);
  });

  it('accepts what sign-token signs meanwhile', async () => {
    const { stdout } = await cli.run(['sign-token', '--subject', 'user_noa', '--organization', 'org_demo'], env);
    const url = addressIn(await first.waitFor('curl '));
    const answer = await ask(
      url,
      { Authorization: `Bearer ${stdout.trim()}` },
      'mutation { startSession { __typename } }',
    );
    expect(answer).toEqual({ data: { startSession: { __typename: 'NoAccessError' } } });
  });

  it('stops at SIGTERM with 0, and shows the credentials again at the next start, until SIGINT', async () => {
    first.kill('SIGTERM');
    expect(await first.ended).toMatchObject({ code: 0, stderr: '' });
    const second = cli.start(['serve'], env);
    expect(await second.waitFor('curl ')).toContain(demoCredentials.managementToken.token);
    second.kill('SIGINT');
    expect(await second.ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('finishes what is under way, and ends at once at a second signal', async () => {
    const server = cli.start(['serve'], env);
    const url = new URL(addressIn(await server.waitFor('curl ')));
    const socket = connect(Number(url.port), url.hostname);
    const closed = once(socket, 'close');
    socket.write('POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{');
    await expect.poll(() => fetch(new URL('/health/ready', url)).then(({ status }) => status)).toBe(200);
    server.kill('SIGTERM');
    const state = Promise.race([
      server.ended.then(() => 'ended'),
      new Promise((done) => setTimeout(done, 1500, 'waiting')),
    ]);
    expect(await state).toBe('waiting');
    server.kill('SIGTERM');
    expect((await server.ended).code).toBe(1);
    await closed;
  });

  it('says which port is in use', async () => {
    const blocker = createServer();
    await new Promise<void>((listening) => blocker.listen(0, 'localhost', listening));
    const address = blocker.address();
    const port = String(typeof address === 'object' && address ? address.port : 0);
    const { code, stdout, stderr } = await cli.run(['serve'], { ...env, PORT: port });
    blocker.close();
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(`Port ${port} of localhost is in use by another program. Set PORT to a free one.\n`);
  });

  it('refuses the demo’s public secrets in production', async () => {
    const production = { ...env, NODE_ENV: 'production', ALLOW_EMBEDDED_DATABASE: 'true' };
    const { code, stdout, stderr } = await cli.run(['serve'], production);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain("This database accepts the demo organization's credentials key_demo-ada");
  });

  it('tells where there is no demo organization how to get credentials, and names no page that is off', async () => {
    const file = join(dataDir, 'acme.json');
    await writeFile(file, JSON.stringify({ organizations: [{ id: 'org_acme', name: 'Acme' }] }));
    const other = { ...env, DIVEST_DATA_DIR: join(dataDir, 'acme') };
    await fillDataDir(other.DIVEST_DATA_DIR);
    expect(await cli.run(['import', file], other)).toEqual({
      code: 0,
      stdout: 'Imported 1 organizations.\n',
      stderr: '',
    });
    const server = cli.start(['serve'], { ...other, GRAPHIQL: 'off', CONSOLE: 'off' });
    const text = await server.waitFor('sign-token --subject');
    expect(text).toMatch(/^Divest is ready: http:.*\n\nCredentials/);
    expect(text).not.toContain(demoCredentials.managementToken.token);
    server.kill('SIGTERM');
    expect((await server.ended).code).toBe(0);
  });
});
