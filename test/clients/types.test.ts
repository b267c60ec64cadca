import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examplesFolder } from './unassign.js';

const root = join(import.meta.dirname, '../..');

/** Runs a program of node; answers its exit code and all that it said. */
const run = (program: string, parameters: string[], cwd: string) =>
  promisify(execFile)(process.execPath, [program, ...parameters], { cwd }).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    ({ code, stdout, stderr }) => ({ code: code as number, output: `${stdout}${stderr}` }),
  );

/** A copy of the examples, to break. */
class Copy {
  private constructor(readonly root: string) {}

  static async make(): Promise<Copy> {
    const folder = await mkdtemp(join(tmpdir(), 'divest-examples-'));
    await cp(examplesFolder, join(folder, 'examples/clients'), { recursive: true });
    for (const part of ['schema.graphql', 'package.json', 'artefacts']) {
      await cp(join(root, part), join(folder, part), { recursive: true });
    }
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    const tsconfig = {
      extends: join(root, 'tsconfig.json'),
      include: ['examples'],
      compilerOptions: { rootDir: '.', typeRoots: [join(root, 'node_modules/@types')] },
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
    return new Copy(folder);
  }

  pathOf(file: string): string {
    return join(this.root, 'examples/clients', file);
  }

  /** Leaves the first such part out of a file while `body` runs. */
  async without<T>(file: string, part: string | RegExp, body: () => Promise<T>): Promise<T> {
    const text = await readFile(this.pathOf(file), 'utf8');
    await writeFile(this.pathOf(file), text.replace(part, ''));
    return body().finally(() => writeFile(this.pathOf(file), text));
  }

  typecheck() {
    return run(join(root, 'node_modules/typescript/bin/tsc'), ['-p', '.'], this.root);
  }

  remove() {
    return rm(this.root, { recursive: true });
  }
}

describe('the types of the examples', () => {
  let copy: Copy;

  beforeAll(async () => {
    copy = await Copy.make();
  });
  afterAll(() => copy.remove());

  it('fit', async () => {
    expect(await copy.typecheck()).toEqual({ code: 0, output: '' });
  });

  it.each([
    ['apollo-codegen', "    case 'NotFoundError':\n"],
    ['urql-tada', "    case 'NotFoundError':\n"],
  ])('of %s do not compile where a member of the result is missed', async (folder, part) => {
    const { code, output } = await copy.without(`${folder}/unassign-user-from-project.ts`, part, () =>
      copy.typecheck(),
    );
    expect(code).not.toBe(0);
    expect(output).toMatch(/NotFoundError.* does not satisfy the expected type 'never'/s);
  });

  it.each(['apollo-codegen/generated/graphql.ts', 'urql-tada/unassign-user-from-project.ts'])(
    'follow the document: a field that %s does not ask for is none',
    async (file) => {
      const { output } = await copy.without(file, / sessionEffect(: SessionEffect,|\n)/, () => copy.typecheck());
      expect(output).toMatch(/Property 'sessionEffect' does not exist/);
    },
  );

  it('of Relay do not compile where a fragment on AccessError has no @alias', async () => {
    const { code, output } = await copy.without('relay/divest.ts', ' @alias(as: "error")', compileRelay);
    expect(code).not.toBe(0);
    expect(output).toContain('@alias');
  });

  const compileRelay = () =>
    run(join(root, 'node_modules/relay-compiler/cli.js'), ['--noWatchman', 'relay.config.json'], copy.pathOf('relay'));

  it('are what is made of the schema now; else run `npm run generate-examples`', async () => {
    const generator = join(root, 'examples/clients/generate.ts');
    const runner = join(root, 'test/support/run-typescript.mjs');
    const made = await Copy.make();
    await Promise.all(folders.map((folder) => rm(made.pathOf(folder), { recursive: true })));
    expect(await run(runner, [generator, join(made.root, 'examples/clients')], root)).toEqual({ code: 0, output: '' });
    const [now, then] = [await read(made), await read(copy)];
    await made.remove();
    expect(Object.keys(now).sort()).toEqual(Object.keys(then).sort());
    expect(Object.keys(now).filter((file) => now[file] !== then[file])).toEqual([]);
  });

  const folders = ['apollo-codegen/generated', 'urql-tada/generated', 'relay/generated'];
  const read = async (of: Copy) => {
    const files = await Promise.all(
      folders.map(async (folder) => (await readdir(of.pathOf(folder))).map((name) => `${folder}/${name}`)),
    );
    const texts = files.flat().map(async (file) => [file, await readFile(of.pathOf(file), 'utf8')] as const);
    return Object.fromEntries(await Promise.all(texts));
  };
});
