import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createProgram } from '../../src/commands/program.js';
import { loadConfig } from '../../src/config.js';
import { variables } from '../../src/config-variables.js';

// No engine runs here. What can be read without one is read: that what they name is there, and is called so.

const root = join(import.meta.dirname, '..', '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const settings: readonly string[] = Object.keys(variables.shape);
const commands = createProgram().commands.map((command) => command.name());

/** The instructions of the Dockerfile, each on one line, by stage. */
const stages = read('Dockerfile')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
  .split(/^(?=FROM )/m)
  .map((stage) => stage.split('\n').filter(Boolean))
  .filter((stage) => stage.length > 0);
const [build = [], final = []] = stages;
const argumentsOf = (stage: readonly string[], instruction: string) =>
  stage.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.slice(instruction.length + 1));

/** Whether the builder is given a file at all: the last pattern that fits decides. */
const isSent = (path: string) =>
  read('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .reduce((sent, line) => {
      const pattern = line.replace('!', '');
      const fits = pattern === '*' || path === pattern || path.startsWith(`${pattern}/`);
      return fits ? line.startsWith('!') : sent;
    }, true);

describe('the Dockerfile', () => {
  it('copies what is there, and what the builder is given', () => {
    const sources = [...argumentsOf(build, 'COPY'), ...argumentsOf(final, 'COPY')]
      .filter((line) => !line.startsWith('--from'))
      .flatMap((line) => line.split(' ').slice(0, -1));
    expect(sources).toContain('src');
    expect(sources.filter((source) => !existsSync(join(root, source)) || !isSent(source))).toEqual([]);
  });

  it('sends nothing that is nobody’s business, or that the build makes itself', () => {
    for (const path of [
      '.git',
      '.env',
      '.divest/secret',
      'node_modules/pg',
      'dist/cli.js',
      'src/generated/x',
      'test/x',
    ]) {
      expect([path, isSent(path)]).toEqual([path, false]);
    }
  });

  it('builds all that the last stage takes of it, by scripts that there are', () => {
    const taken = argumentsOf(final, 'COPY').filter((line) => line.startsWith('--from=build'));
    expect(taken).toEqual(['--from=build /app/node_modules node_modules', '--from=build /app/dist dist']);
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const run = argumentsOf(build, 'RUN')
      .join('\n')
      .matchAll(/npm run ([\w:-]+)/g);
    expect([...run].map(([, name = '']) => scripts[name] ?? null)).not.toContain(null);
    // What a script of the build names has to be copied before.
    expect(scripts['build']).toContain('tsconfig.build.json');
  });

  it('leaves no way to install or build in the image, and runs as nobody in particular', () => {
    expect(argumentsOf(final, 'RUN')).toEqual([expect.stringMatching(/^rm -rf .*npm .*npx/)]);
    expect(argumentsOf(final, 'USER')).toEqual(['node']);
    expect(final.indexOf('USER node')).toBeLessThan(final.findIndex((line) => line.startsWith('ENTRYPOINT')));
  });

  it('is a Node that the package allows, in both stages', () => {
    const [, major = ''] = /^FROM node:(\d+)-bookworm-slim/.exec(build[0] ?? '') ?? [];
    expect(final[0]).toBe(`FROM node:${major}-bookworm-slim`);
    expect(read('package.json')).toMatch(new RegExp(`"node": ".*(\\^|>=)${major}\\.`));
  });

  it('sets what are settings, and starts what is a command', () => {
    const names = argumentsOf(final, 'ENV').flatMap((line) => line.split(' ').map((pair) => pair.split('=')[0] ?? ''));
    expect(names.filter((name) => !settings.includes(name))).toEqual([]);
    expect(argumentsOf(final, 'ENTRYPOINT')).toEqual(['["node", "--max-semi-space-size=32", "dist/cli.js"]']);
    expect(argumentsOf(final, 'CMD').flatMap((line) => JSON.parse(line))).toEqual(['serve']);
    expect(commands).toContain('serve');
  });

  it('has a health check that node understands, of an address that there is', () => {
    const [line = ''] = argumentsOf(final, 'HEALTHCHECK');
    const [program, flag, script] = JSON.parse(line.slice(line.indexOf('['))) as string[];
    expect([program, flag]).toEqual(['node', '-e']);
    const check = (env: Record<string, string>) => {
      try {
        execFileSync(process.execPath, ['-e', script ?? ''], { env, stdio: 'pipe' });
        return 0;
      } catch (error) {
        return (error as { status: number; stderr: Buffer }).stderr.toString() || (error as { status: number }).status;
      }
    };
    // Nothing listens there.
    expect(check({ PORT: '1' })).toBe(1);
    expect(script).toContain('/health/live');
  });
});

interface Service {
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly configs?: readonly { readonly source: string }[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: object;
  readonly restart?: string;
  readonly build?: string;
}

describe('compose.yaml', () => {
  const compose = parse(read('compose.yaml'), { merge: true }) as {
    readonly services: Readonly<Record<string, Service>>;
    readonly configs: Readonly<Record<string, { readonly content: string }>>;
    readonly volumes: object;
  };
  const services = Object.entries(compose.services);
  const ours = services.filter(([, { build }]) => build === '.');

  it('runs commands that there are, with settings that there are', () => {
    expect(ours.map(([name]) => name)).toEqual(['migrate', 'grant', 'gateway']);
    for (const [, { command = [], environment = {} }] of ours) {
      expect(commands).toContain(command[0]);
      expect(Object.keys(environment).filter((name) => !settings.includes(name))).toEqual([]);
    }
  });

  it('gives settings that a gateway in production starts with', () => {
    const given = compose.services['gateway']?.environment ?? {};
    const fill = (value: string) => value.replace(/\$\{(\w+):-\}/g, '').replace(/\$\{\w+:\?[^}]*\}/g, 'secret');
    const env = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, fill(value)]));
    const config = loadConfig({ NODE_ENV: 'production', HOST: '0.0.0.0', ...env });
    expect(config).toMatchObject({
      databaseUrl: 'postgresql://divest_gateway:secret@postgres:5432/divest',
      redisUrl: 'redis://redis:6379',
    });
  });

  it('has no password in it', () => {
    for (const [, { environment = {} }] of services) {
      for (const [name, value] of Object.entries(environment)) {
        expect([name, /PASSWORD$|_URL$/.test(name) && !/\$\{/.test(value) && !value.startsWith('redis:')]).toEqual([
          name,
          false,
        ]);
      }
    }
  });

  it('waits for what is there, and can be waited for', () => {
    for (const [name, { depends_on: others = {} }] of services) {
      for (const [other, { condition }] of Object.entries(others)) {
        const service = compose.services[other];
        expect([name, other, service !== undefined]).toEqual([name, other, true]);
        if (condition === 'service_healthy') {
          expect(service?.healthcheck).toBeDefined();
        } else {
          expect(condition).toBe('service_completed_successfully');
          expect(service?.restart).toBeUndefined();
        }
      }
    }
  });

  it('names configurations and volumes that it has, and the role that the gateway serves as', () => {
    for (const [, { configs = [], volumes = [] }] of services) {
      expect(configs.filter(({ source }) => !(source in compose.configs))).toEqual([]);
      expect(volumes.filter((volume) => !(String(volume.split(':')[0]) in compose.volumes))).toEqual([]);
    }
    const script = compose.configs['gateway-role']?.content ?? '';
    expect(script).toContain(`create role ${compose.services['grant']?.command?.[1]} login`);
    execFileSync('sh', ['-n'], { input: script.replaceAll('$$', '$'), stdio: ['pipe', 'pipe', 'pipe'] });
  });
});
