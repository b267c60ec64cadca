import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildSchema as buildSchemaOf } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { printSubgraph } from '../../src/federation/subgraph.js';
import { buildSchema } from '../../src/schema/index.js';

const root = join(import.meta.dirname, '../..');
const pages = join(root, 'docs/gateways');
const textOf = (page: string) => readFile(join(pages, page), 'utf8');
const blockOf = (text: string, language: string) =>
  new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(text)?.[1] ?? '';

describe('docs/gateways', () => {
  let folder: string;

  beforeAll(async () => {
    // Within node_modules, from where the packages are found.
    const cache = join(root, 'node_modules/.cache');
    await mkdir(cache, { recursive: true });
    folder = await mkdtemp(join(cache, 'divest-gateways-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('composes the subgraph with its example as it says', async () => {
    const text = await textOf('README.md');
    await writeFile(join(folder, 'divest.graphql'), printSubgraph(buildSchema()));
    await writeFile(join(folder, 'people.graphql'), blockOf(text, 'graphql'));
    await writeFile(join(folder, 'compose.mjs'), blockOf(text, 'js'));
    const { stdout } = await promisify(execFile)(process.execPath, ['compose.mjs'], { cwd: folder });
    const user = buildSchemaOf(stdout, { assumeValidSDL: true }).getType('User');
    const fields = user && 'getFields' in user ? Object.keys(user.getFields()) : [];
    expect(fields).toEqual(expect.arrayContaining(['login', 'department']));
    expect(stdout).toContain('http://localhost:4000/graphql');
  });

  it('names on every page every header that has to be forwarded', async () => {
    const wanted = [...(await textOf('README.md')).matchAll(/^\| ((?:`[\w-]+`(?:, )?)+) +\|/gm)]
      .flatMap(([, cell = '']) => [...cell.matchAll(/`([\w-]+)`/g)])
      .map(([, name = '']) => name.toLowerCase());
    expect(wanted).toHaveLength(6);
    const others = (await readdir(pages)).filter((page) => !['README.md', 'stitching.md'].includes(page));
    const examples = [...others.map((page) => join(pages, page)), join(root, 'examples/stitching/gateway.mjs')];
    for (const path of examples) {
      const text = (await readFile(path, 'utf8')).toLowerCase();
      expect([path, wanted.filter((name) => !text.includes(name))]).toEqual([path, []]);
    }
  });
});
