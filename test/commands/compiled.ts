import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..', '..');

/** How a command ended, and what it said. */
interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that is running. */
export interface Running {
  /** Resolves once stdout holds `text`; rejects where the command ends before. */
  waitFor(text: string): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  readonly pid: number;
  readonly ended: Promise<Ended>;
}

export interface CompiledCli {
  /** The file that node runs. */
  readonly path: string;
  /** Runs a command with these settings, and none of the tests' own. */
  start(args: readonly string[], env?: Readonly<Record<string, string>>): Running;
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
  /** Ends what is still running, and removes what was compiled. */
  remove(): Promise<void>;
}

/**
 * Compiles the sources as they are now, apart from what `npm run build` has made, into a folder from where the installed
 * packages are found.
 */
export async function compileCli(): Promise<CompiledCli> {
  const cache = join(root, 'node_modules', '.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'divest-cli-'));
  await symlink(join(root, 'package.json'), join(folder, 'package.json'));
  await symlink(join(root, 'prisma'), join(folder, 'prisma'));
  // Whether the types are right is another check's business.
  await build({
    ...{ entryPoints: await sources(), outbase: join(root, 'src'), outdir: join(folder, 'dist') },
    ...{ format: 'esm', platform: 'node', target: 'node20', logLevel: 'error' },
  });
  return runIn(folder, () => rm(folder, { recursive: true, force: true }));
}

const sources = async () =>
  (await readdir(join(root, 'src'), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));

/** What `npm run build` has made, as it is used: for tests that are run after a build, and not with the others. */
export const openBuiltCli = (): CompiledCli => runIn(root, async () => {});

function runIn(folder: string, forget: () => Promise<void>): CompiledCli {
  const children = new Set<ChildProcess>();
  const start: CompiledCli['start'] = (args, env = {}) => {
    const settings = { PATH: process.env['PATH'], LOG_LEVEL: 'silent', ...env };
    const child = spawn(process.execPath, [join(folder, 'dist', 'cli.js'), ...args], { cwd: folder, env: settings });
    children.add(child);
    return follow(child);
  };
  return {
    path: join(folder, 'dist', 'cli.js'),
    start,
    run: (args, env) => start(args, env).ended,
    remove: async () => {
      for (const child of children) {
        child.kill('SIGKILL');
      }
      await forget();
    },
  };
}

function follow(child: ChildProcess): Running {
  const said = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text;
  });
  const ended = once(child, 'close').then(([code]: (number | null)[]) => ({ code: code ?? null, ...said }));
  const waitFor = (text: string) =>
    new Promise<string>((resolve, reject) => {
      const check = () => {
        if (said.stdout.includes(text)) {
          child.stdout?.off('data', check);
          resolve(said.stdout);
        }
      };
      child.stdout?.on('data', check);
      void ended.then(({ code, stderr }) => reject(new Error(`ended with ${code} before it said ${text}: ${stderr}`)));
      check();
    });
  return { waitFor, kill: (signal) => child.kill(signal), pid: child.pid ?? 0, ended };
}
