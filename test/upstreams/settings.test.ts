import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from '../../src/config.js';

const folder = mkdtempSync(join(tmpdir(), 'divest-upstreams-'));
const path = join(folder, 'upstreams.json');
afterAll(() => rmSync(folder, { recursive: true }));

const load = (content: unknown, env: Record<string, string> = {}) => {
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return loadConfig({ ...env, UPSTREAMS_FILE: path });
};
function problemsOf(content: unknown, env: Record<string, string> = {}): readonly string[] {
  try {
    load(content, env);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).problems;
  }
}
/** A placeholder, as it stands in the file. */
const from = (name: string) => `$\{${name}}`;
const entryguard = (url: unknown, token: unknown = 'x') => ({ org_acme: { entryguard: { url, token } } });

describe('the upstreams of the settings', () => {
  it('are those of the file, with its placeholders filled in, and frozen', () => {
    const { upstreams } = load(
      {
        org_acme: {
          voucherify: {
            url: 'https://api.voucherify.io',
            managementId: from('VOUCHERIFY_ID'),
            managementToken: from('VOUCHERIFY_TOKEN'),
          },
          entryguard: { url: `https://${from('ENTRYGUARD_HOST')}/`, token: from('ENTRYGUARD_TOKEN') },
          cognigy: { url: 'https://api-trial.cognigy.ai/new', apiKey: from('COGNIGY_API_KEY') },
        },
        org_other: { entryguard: { url: 'http://127.0.0.1:8080', token: `prefix-${from('COGNIGY_API_KEY')}-suffix` } },
      },
      {
        ...{ VOUCHERIFY_ID: 'id', VOUCHERIFY_TOKEN: 'vt', ENTRYGUARD_HOST: 'eg.test', ENTRYGUARD_TOKEN: from('HOME') },
        COGNIGY_API_KEY: 'ck',
      },
    );
    expect(upstreams).toEqual([
      {
        ...{ organizationId: 'org_acme', system: 'VOUCHERIFY', url: 'https://api.voucherify.io' },
        headers: { 'X-Management-Id': 'id', 'X-Management-Token': 'vt' },
      },
      {
        ...{ organizationId: 'org_acme', system: 'ENTRYGUARD', url: 'https://eg.test/' },
        // What comes from the environment is not looked through again.
        headers: { Authorization: `Bearer ${from('HOME')}` },
      },
      {
        ...{ organizationId: 'org_acme', system: 'COGNIGY', url: 'https://api-trial.cognigy.ai/new' },
        headers: { 'X-API-Key': 'ck' },
      },
      {
        ...{ organizationId: 'org_other', system: 'ENTRYGUARD', url: 'http://127.0.0.1:8080' },
        headers: { Authorization: 'Bearer prefix-ck-suffix' },
      },
    ]);
    expect([upstreams, ...upstreams, ...upstreams.map(({ headers }) => headers)].every(Object.isFrozen)).toBe(true);
  });

  it('are none without a file', () => {
    expect(loadConfig({}).upstreams).toEqual([]);
    expect(load({}).upstreams).toEqual([]);
  });

  it.each([
    [
      'is not there',
      () => loadConfig({ UPSTREAMS_FILE: '/nowhere/secret-path.json' }),
      'UPSTREAMS_FILE cannot be read (ENOENT)',
    ],
    ['is a folder', () => loadConfig({ UPSTREAMS_FILE: folder }), 'UPSTREAMS_FILE cannot be read (EISDIR)'],
    ['is not JSON', () => load('{ "hunter2'), 'UPSTREAMS_FILE is not JSON'],
    ['is a list', () => load([]), 'UPSTREAMS_FILE must be an object whose keys are ids of organizations'],
    ['is huge', () => load(' '.repeat(1024 * 1024 + 1)), 'UPSTREAMS_FILE is larger than 1 MB'],
  ])('are refused where the file %s', (_what, act, problem) => {
    expect(act).toThrow(new ConfigError([problem]));
  });

  it.each([
    ['http://api.test', 'must be a URL that starts with https:// (http:// only on this machine)'],
    ['http://localhost.test', 'must be a URL that starts with https:// (http:// only on this machine)'],
    ['ftp://api.test', 'must be a URL that starts with https:// (http:// only on this machine)'],
    ['api.test', 'must be a URL that starts with https:// (http:// only on this machine)'],
    [7, 'must be a URL that starts with https:// (http:// only on this machine)'],
    [undefined, 'must be a URL that starts with https:// (http:// only on this machine)'],
    ['https://user:hunter2@api.test', 'must hold no credential'],
    ['https://hunter2@api.test', 'must hold no credential'],
    ['https://api.test?key=hunter2', 'must have no ? and no #'],
    ['https://api.test/?', 'must have no ? and no #'],
    ['https://api.test#hunter2', 'must have no ? and no #'],
  ])('want a good address: %s', (url, message) => {
    const problems = problemsOf(entryguard(url));
    expect(problems).toEqual([`UPSTREAMS_FILE org_acme.entryguard.url ${message}`]);
  });

  it.each(['http://localhost:1', 'http://127.0.0.1:1/base', 'http://[::1]:1', 'https://api.test/a/b/'])(
    'take %s',
    (url) => {
      expect(load(entryguard(url)).upstreams[0]?.url).toBe(url);
    },
  );

  it.each([['hunter2\r\nX-Admin: 1'], ['hunter 2'], ['hunter2é'], [''], [['hunter2']], [{ hunter2: 1 }]])(
    'want a credential that a header can hold, and don’t repeat it: %j',
    (token) => {
      const problems = problemsOf(entryguard('https://api.test', token));
      expect(problems).toEqual([expect.stringMatching(/^UPSTREAMS_FILE org_acme\.entryguard\.token must be /)]);
      expect(problems.join()).not.toContain('hunter');
    },
  );

  it('have every problem told at once, with other settings, and no value', () => {
    const problems = problemsOf(
      {
        acme: { entryguard: { url: 'https://api.test', token: 'hunter2' } },
        org_a: {
          okta: { url: 'hunter2' },
          voucherify: { url: 'hunter2', managementToken: from('NOT_SET') },
          entryguard: { url: 'https://api.test', token: from('EMPTY'), tokn: 'hunter2' },
          cognigy: 'hunter2',
        },
        org_b: [],
        org_c: { cognigy: { url: 'https://api.test', apiKey: '${hunter2' } },
      },
      { PORT: 'x', EMPTY: '', hunter2: 'hunter3' },
    );
    expect(problems.toSorted()).toEqual([
      'PORT must be a whole number from 0 to 65535',
      'UPSTREAMS_FILE "acme" must be org_ and 1 to 64 letters, digits or hyphens',
      'UPSTREAMS_FILE org_a.cognigy must be an object',
      'UPSTREAMS_FILE org_a.entryguard must have nothing else: tokn',
      'UPSTREAMS_FILE org_a.entryguard.token needs the environment variable EMPTY, which is not set',
      'UPSTREAMS_FILE org_a.okta is no system that is known here: voucherify, entryguard, cognigy',
      'UPSTREAMS_FILE org_a.voucherify.managementId must be a text',
      'UPSTREAMS_FILE org_a.voucherify.managementToken needs the environment variable NOT_SET, which is not set',
      'UPSTREAMS_FILE org_a.voucherify.url must be a URL that starts with https:// (http:// only on this machine)',
      'UPSTREAMS_FILE org_b must be an object with voucherify, entryguard, cognigy',
      'UPSTREAMS_FILE org_c.cognigy.apiKey has a placeholder that is none: it must be a dollar sign and {NAME}',
    ]);
    expect(problems.join()).not.toContain('hunter');
  });
});
