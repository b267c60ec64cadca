import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CompiledCli, compileCli } from '../commands/compiled.js';
import { createCertificate } from '../support/certificates.js';
import { type FakeUpstream, startFakeUpstream } from '../support/upstreams.js';
import { connect } from './connect.js';

/** A placeholder, as it stands in the file. */
const from = (name: string) => `$\{${name}}`;
const systems = ['VOUCHERIFY', 'ENTRYGUARD', 'COGNIGY'] as const;

describe.each(systems)('a check of %s', (system) => {
  let upstream: FakeUpstream;
  beforeAll(async () => {
    upstream = await startFakeUpstream(system);
  });
  afterAll(() => upstream.close());
  const check = (url = upstream.url, credential = {}) => connect(system, url, credential).connector.check();

  it('finds it there and the credential accepted, changes nothing, and says what it can’t know', async () => {
    upstream.assignments.add('a b');
    expect(await check()).toEqual({
      ...{ reachable: true, credential: 'ACCEPTED' },
      note: expect.stringMatching(/ lists .* shows at the first removal\.$/),
    });
    expect(upstream.requests.map(({ method }) => method)).toEqual(['GET']);
    expect([...upstream.assignments]).toEqual(['a b']);
  });

  it('finds the credential refused', async () => {
    const field = { VOUCHERIFY: 'managementToken', ENTRYGUARD: 'token', COGNIGY: 'apiKey' }[system];
    expect(await check(upstream.url, { [field]: 'wrong' })).toMatchObject({ reachable: true, credential: 'REFUSED' });
  });

  it.each([
    [{ status: 402 }, 'REFUSED', '402'],
    [{ status: 403 }, 'REFUSED', '403'],
    [{ status: 404 }, 'UNKNOWN', '404'],
    [{ status: 302, headers: { Location: 'http://127.0.0.1:1/' } }, 'UNKNOWN', '302'],
    [{ status: 500 }, 'UNKNOWN', '500'],
    [{ status: 200, headers: { 'Content-Type': 'text/html' }, body: '<html>' }, 'UNKNOWN', 'not JSON'],
  ])('says what it found: %j', async (answer, credential, note) => {
    upstream.respondWith(() => answer);
    expect(await check()).toEqual({ reachable: true, credential, note: expect.stringContaining(note) });
    upstream.respondWith(null);
  });

  it('finds nobody there', async () => {
    const found = await check('http://127.0.0.1:1');
    expect(found).toEqual({ reachable: false, credential: 'UNKNOWN', note: expect.stringMatching(/^No connection: /) });
  });
});

describe('divest upstreams check', () => {
  const folder = mkdtempSync(join(tmpdir(), 'divest-check-'));
  let cli: CompiledCli;
  let upstreams: FakeUpstream[];

  beforeAll(async () => {
    [cli, ...upstreams] = await Promise.all([compileCli(), ...systems.map((system) => startFakeUpstream(system))]);
  }, 120_000);
  afterAll(async () => {
    await Promise.all([cli.remove(), ...upstreams.map(({ close }) => close())]);
    rmSync(folder, { recursive: true });
  });

  const run = (content: object, env: Record<string, string> = {}) => {
    const path = join(folder, 'upstreams.json');
    writeFileSync(path, JSON.stringify(content));
    return cli.run(['upstreams', 'check'], { UPSTREAMS_FILE: path, ...env });
  };

  const sections = () => Object.fromEntries(upstreams.map(({ system, section }) => [system.toLowerCase(), section]));

  it('shows a row for each upstream, and ends with 0 where all can be used', async () => {
    const { code, stdout, stderr } = await run({ org_acme: sections() });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/).slice(0, 4))).toEqual([
      ['organization', 'system', 'reachable', 'credential'],
      ...systems.map((system) => ['org_acme', system, 'yes', 'accepted']),
      [''],
    ]);
    expect(upstreams.flatMap(({ requests }) => requests.map(({ method }) => method))).toEqual(['GET', 'GET', 'GET']);
  });

  it('ends with 1 where one cannot, and names no address and no credential', async () => {
    const wrong = { ...sections()['entryguard'], token: from('WRONG_TOKEN') };
    const gone = { ...sections()['cognigy'], url: 'http://127.0.0.1:1/new' };
    const { code, stdout, stderr } = await run(
      { org_acme: sections(), org_other: { entryguard: wrong, cognigy: gone } },
      { WRONG_TOKEN: 'hunter2' },
    );
    expect([code, stderr]).toEqual([1, '2 of 5 upstreams cannot be used as they are.\n']);
    expect(stdout).toMatch(/org_other {5}ENTRYGUARD {2}yes {8}refused/);
    expect(stdout).toMatch(/org_other {5}COGNIGY {5}no {9}unknown/);
    expect(stdout).not.toMatch(/127\.0\.0\.1|hunter2|-token/);
  });

  it('ends with 2 where the settings are wrong', async () => {
    const { code, stderr } = await run({
      org_acme: { entryguard: { url: 'https://api.test', token: from('NOT_SET') } },
    });
    expect(code).toBe(2);
    expect(stderr).toContain('org_acme.entryguard.token needs the environment variable NOT_SET, which is not set');
  });

  it('says so where there is none', async () => {
    const { code, stderr } = await cli.run(['upstreams', 'check']);
    expect([code, stderr]).toEqual([0, 'There is no upstream to check: UPSTREAMS_FILE is not set, or names none.\n']);
  });

  it.each([
    ['accepted', {}, 'yes'],
    ['expired', { expired: true }, 'no'],
    ['of another host', { host: 'elsewhere.test' }, 'no'],
  ])('goes by the certificates that the operator trusts: %s', async (_what, options, reachable) => {
    const tls = await createCertificate(options);
    const upstream = await startFakeUpstream('ENTRYGUARD', { tls });
    const trusted = join(folder, 'trusted.pem');
    writeFileSync(trusted, tls.cert);
    const { stdout } = await run({ org_acme: { entryguard: upstream.section } }, { NODE_EXTRA_CA_CERTS: trusted });
    await upstream.close();
    expect(stdout).toMatch(new RegExp(`ENTRYGUARD {2}${reachable} `));
    expect(upstream.requests).toHaveLength(reachable === 'yes' ? 1 : 0);
  });
});
