import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .map((path) => posix.join('src', path.replaceAll('\\', '/')))
  .filter((path) => /\.tsx?$/.test(path) && !path.startsWith('src/generated/'));
const textOf = (path: string) => readFileSync(join(root, path), 'utf8');

/** What a file imports of this project, as paths from the root. */
const importsOf = (path: string) =>
  [...textOf(path).matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)\.js'/g)].map(([, target = '']) =>
    posix.join(dirname(path), `${target}.ts`),
  );

const folderOf = (path: string) => path.split('/')[1] ?? '';
const features = [
  'projects',
  'roles',
  'global-roles',
  'users',
  'organizations',
  'resources',
  'sessions',
  'revocations',
  'grants',
  'offboardings',
  'viewer',
];
const isFeature = (path: string) => features.includes(folderOf(path));
/** What carries something out, as opposed to what describes types and lists. */
const operations = files.filter(
  (path) => isFeature(path) && /\/(unassign|remove|assign|add|restore|offboard|start|end)-[a-z-]+\.ts$/.test(path),
);

describe('the source', () => {
  it('has features that import the core and each other’s types, and never each other’s operations', () => {
    const wrong = files.filter(isFeature).flatMap((path) =>
      importsOf(path)
        .filter((target) => operations.includes(target) && folderOf(target) !== folderOf(path))
        .map((target) => `${path} imports ${target}`),
    );
    expect(operations).toHaveLength(10);
    expect(wrong).toEqual([]);
  });

  it('has a core that imports no feature, but for the index that puts the schema together', () => {
    const wrong = files
      .filter((path) => !isFeature(path) && path !== 'src/schema/index.ts')
      .flatMap((path) =>
        importsOf(path)
          .filter(isFeature)
          .map((target) => `${path} imports ${target}`),
      );
    expect(wrong).toEqual([]);
  });

  it('reads the environment of the process at the edges only', () => {
    const readers = files.filter((path) => textOf(path).includes('process.env'));
    expect(readers.filter((path) => !path.startsWith('src/commands/') && path !== 'src/cli.ts')).toEqual([]);
  });

  it('has no folder whose name says nothing', () => {
    const folders = new Set(files.flatMap((path) => path.split('/').slice(1, -1)));
    expect(
      [...folders].filter((name) => /^(utils?|helpers?|common|services?|managers?|shared|misc)$/.test(name)),
    ).toEqual([]);
  });

  it('has short files in kebab case', () => {
    const long = files.filter((path) => textOf(path).split('\n').length > 220);
    expect(long).toEqual([]);
    expect(files.filter((path) => !/^src\/(?:[a-z-]+\/)*[a-z-]+\.tsx?$/.test(path))).toEqual([]);
  });
});
