import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { SignJWT } from 'jose';
import { administrator, organization } from './directory.js';
import type { Job } from './load.js';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const secret = 'the secret of the benchmark: 32 bytes or more';
const [issuer, audience] = ['https://issuer.test', 'divest-bench'];
const tickMs = 10;

/** What is measured. */
export interface Contestant {
  readonly name: 'divest' | 'floor' | 'conventional';
  readonly dialect: Job['dialect'];
  readonly script: string;
  readonly arguments: readonly string[];
}

/** Compiles the references and the load, so that each runs as plain JavaScript like the gateway itself. */
export async function compileContestants(): Promise<{ contestants: readonly Contestant[]; loadScript: string }> {
  const outdir = here('../../node_modules/.cache/divest-bench');
  const entryPoints = ['floor', 'conventional', 'load'].map((name) => here(`./${name}.ts`));
  await build({
    ...{ entryPoints, outdir, bundle: true, packages: 'external', platform: 'node', format: 'esm', target: 'node20' },
    outExtension: { '.js': '.mjs' },
    logLevel: 'error',
  });
  return {
    contestants: [
      { name: 'divest', dialect: 'graphql', script: here('../../dist/cli.js'), arguments: ['serve'] },
      { name: 'floor', dialect: 'floor', script: `${outdir}/floor.mjs`, arguments: [] },
      { name: 'conventional', dialect: 'graphql', script: `${outdir}/conventional.mjs`, arguments: [] },
    ],
    loadScript: `${outdir}/load.mjs`,
  };
}

/** A token of an administrator, good for the whole run. */
export const createToken = () =>
  new SignJWT({ roles: ['ORG_ADMIN'], org: organization })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(administrator)
    .setIssuedAt()
    .setExpirationTime('12h')
    .sign(new TextEncoder().encode(secret));

/** A contestant that runs. */
export interface Running {
  readonly contestant: Contestant;
  readonly url: string;
  /** From the start of the process to its first good answer. Milliseconds. */
  readonly startMs: number;
  /** Processor time used so far, by all of its processes. Microseconds. */
  cpuMicroseconds(): number;
  /** Resident memory. Bytes. */
  memoryBytes(): number;
  stop(): Promise<void>;
}

/** As in `npm start`: what lives as long as a request is then thrown away with it. */
const nodeOptions = ['--max-semi-space-size=32'];

let nextPort = 24_800;

// Whatever ends this program, nothing that it started goes on.
const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) {
    child.kill('SIGKILL');
  }
});

export async function start(contestant: Contestant, databaseUrl: string, token: string): Promise<Running> {
  const port = nextPort++;
  const began = performance.now();
  const process = spawn(globalThis.process.execPath, [...nodeOptions, contestant.script, ...contestant.arguments], {
    env: {
      ...{ PATH: globalThis.process.env['PATH'], NODE_ENV: 'production', PORT: String(port), HOST: '127.0.0.1' },
      ...{ DATABASE_URL: databaseUrl, LOG_LEVEL: 'error', RATE_LIMIT_PER_MINUTE: '0' },
      ...{ JWT_ISSUER: issuer, JWT_AUDIENCE: audience, JWT_SECRET: secret },
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  children.add(process);
  process.once('exit', () => children.delete(process));
  const url = `http://127.0.0.1:${port}`;
  await waitForAnswer(process, `${url}${contestant.dialect === 'floor' ? '/nothing' : '/graphql'}`, token);
  return {
    ...{ contestant, url, startMs: performance.now() - began },
    cpuMicroseconds: () => ticksOf(process.pid ?? 0) * tickMs * 1000,
    memoryBytes: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${process.pid}/status`, 'utf8'))?.[1]) * 1024,
    stop: async () => {
      process.kill('SIGTERM');
      await once(process, 'exit');
    },
  };
}

/** What a process and those that it started have used of the processors. */
function ticksOf(pid: number): number {
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user, system] = fields.split(' ').slice(11, 13);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return children.map((child) => ticksOf(Number(child))).reduce((a, b) => a + b, Number(user) + Number(system));
}

async function waitForAnswer(process: ChildProcess, url: string, token: string): Promise<void> {
  const request = {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: '{"query":"{ __typename }"}',
  };
  for (;;) {
    const response = await fetch(url, request).catch(() => null);
    if (response?.ok && (await response.text()).includes('Query')) {
      return;
    }
    if (process.exitCode !== null) {
      throw new Error(`${process.spawnargs.join(' ')} ended with ${process.exitCode}`);
    }
    await sleep(5);
  }
}
