import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parse, validate } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSchema } from '../../src/schema/index.js';
import { bearer, credentials, type Headers, openTestGateway, type TestGateway } from '../support/gateway.js';

const root = join(import.meta.dirname, '../..');
const pages = ['README.md', 'docs/clients.md', 'docs/migration.md', 'docs/errors.md', 'examples/clients/README.md'];
const others = ['docs/import.md', 'CONTRIBUTING.md', 'SECURITY.md', 'examples/stitching/README.md'];
const folders = ['docs/gateways', 'docs/upstreams'];
const linked = folders.flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`));
const textOf = (page: string) => readFileSync(join(root, page), 'utf8');
const blocksOf = (page: string, language: string) =>
  [...textOf(page).matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, block = '']) => block);

describe('the documentation for clients', () => {
  it.each(pages)('%s holds documents that fit the schema', (page) => {
    const schema = buildSchema({ typePrefix: '' });
    for (const block of blocksOf(page, 'graphql')) {
      expect(validate(schema, parse(block))).toEqual([]);
    }
  });

  it.each([...pages, ...others, ...linked])('%s links to files that are there', (page) => {
    const links = [...textOf(page).matchAll(/\]\((?!https?:|#)([^)#]+)\)/g)].map(([, link = '']) => link);
    const missing = links.filter((link) => {
      const path = join(root, dirname(page), link);
      return !readdirSync(dirname(path)).includes(relative(dirname(path), path));
    });
    expect(missing).toEqual([]);
  });

  it('has the settings of graphql-codegen that the example is generated with', () => {
    const settingsOf = (text: string) =>
      [...text.replace(/\s+|,(?=\s*\})/g, '').matchAll(/(?:presetConfig|config):\{(?:[^{}]|\{[^{}]*\})*\}/g)].map(
        String,
      );
    const settings = settingsOf(blocksOf('docs/clients.md', 'ts').join());
    expect(settings.sort()).toEqual(settingsOf(textOf('examples/clients/generate.ts')).sort());
    expect(settings).toHaveLength(2);
  });
});

describe('the requests of docs/migration.md', () => {
  let gateway: TestGateway;
  let administrator: Headers;

  beforeAll(async () => {
    gateway = await openTestGateway('embedded');
    administrator = await bearer();
  });
  afterAll(() => gateway.close());

  const documents = blocksOf('docs/migration.md', 'graphql');
  const variables = blocksOf('docs/migration.md', 'json').map((block): object => JSON.parse(block));

  it.each([
    [0, 'unassignUserFromProject', 'management'],
    [1, 'unassignUserFromRole', 'administrator'],
    [2, 'removeGlobalRole', 'userManagerKey'],
  ] as const)('number %i is done: %s', async (index, field, caller) => {
    const headers = caller === 'administrator' ? administrator : credentials[caller];
    const { data, errors } = await gateway.ask(documents[index] ?? '', variables[index] ?? {}, headers);
    expect(errors).toBeUndefined();
    expect(data?.[field]).toMatchObject({ __typename: `${field.charAt(0).toUpperCase()}${field.slice(1)}Success` });
  });

  it('a global role that is none is refused before the mutation', async () => {
    const input = { user: { id: 'user_5ce7c2d833ea1e04d7e6c432' }, role: 'userManager' };
    const { data, errors } = await gateway.ask(documents[2] ?? '', { input }, credentials.userManagerKey);
    expect([data, errors?.[0]?.extensions?.['code']]).toEqual([undefined, 'BAD_USER_INPUT']);
  });
});
