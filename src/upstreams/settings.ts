import { readFileSync, statSync } from 'node:fs';
import type { z } from 'zod';
import type { UpstreamSystem } from '../errors.js';
import { prefixOf } from '../grammar.js';
import { fillIn } from './placeholders.js';
import type { UpstreamAccess } from './section.js';
import { systems } from './systems.js';

/** One upstream of one organization, as UPSTREAMS_FILE has it. */
export interface UpstreamSettings extends UpstreamAccess {
  readonly organizationId: string;
  readonly system: UpstreamSystem;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What a file came to: its upstreams, and what is wrong with it. With a problem, the upstreams are not all there. */
interface ReadUpstreams {
  readonly upstreams: readonly UpstreamSettings[];
  /** Each names the place and never a value. */
  readonly problems: readonly string[];
}

const largestFile = 1024 * 1024;

/** Reads UPSTREAMS_FILE; null where there is none. `${NAME}` in its texts is filled from `env`. */
export function readUpstreams(path: string | null, env: Environment): ReadUpstreams {
  if (path === null) {
    return { upstreams: Object.freeze([]), problems: [] };
  }
  let content: unknown;
  try {
    content = JSON.parse(readText(path));
  } catch (error) {
    return { upstreams: [], problems: [`UPSTREAMS_FILE ${describe(error)}`] };
  }
  if (!isObject(content)) {
    return { upstreams: [], problems: ['UPSTREAMS_FILE must be an object whose keys are ids of organizations'] };
  }
  const problems: string[] = [];
  const upstreams = Object.entries(content).flatMap(([id, entry]) => readOrganization(id, entry, env, problems));
  return { upstreams: Object.freeze(upstreams), problems: problems.map((problem) => `UPSTREAMS_FILE ${problem}`) };
}

function readText(path: string): string {
  if (statSync(path).size > largestFile) {
    throw new RangeError('too large');
  }
  return readFileSync(path, 'utf8');
}

// The messages of the system and of the parser quote the path and the text.
function describe(error: unknown): string {
  if (error instanceof SyntaxError) {
    return 'is not JSON';
  }
  if (error instanceof RangeError) {
    return 'is larger than 1 MB';
  }
  const code = error instanceof Error && 'code' in error ? error.code : 'unknown reason';
  return `cannot be read (${code})`;
}

function readOrganization(id: string, entry: unknown, env: Environment, problems: string[]): UpstreamSettings[] {
  if (prefixOf(id) !== 'org') {
    problems.push(`${JSON.stringify(id)} must be org_ and 1 to 64 letters, digits or hyphens`);
  }
  if (!isObject(entry)) {
    problems.push(`${id} must be an object with ${known}`);
    return [];
  }
  return Object.entries(entry).flatMap(([name, section]) => readSection(id, name, section, env, problems));
}

const known = systems.map(({ name }) => name.toLowerCase()).join(', ');

function readSection(id: string, name: string, section: unknown, env: Environment, problems: string[]) {
  const system = systems.find((system) => system.name.toLowerCase() === name);
  if (!system) {
    problems.push(`${id}.${name} is no system that is known here: ${known}`);
    return [];
  }
  const filled = fillIn(section, env);
  const parsed = system.section.safeParse(filled.value);
  const others = parsed.error?.issues.filter(({ path }) => !filled.problems.has(String(path[0]))) ?? [];
  for (const problem of [...filled.problems.entries(), ...others.map(toProblem)]) {
    problems.push(`${[id, name, problem[0]].filter(Boolean).join('.')} ${problem[1]}`);
  }
  return parsed.success ? [freeze({ organizationId: id, system: system.name, ...parsed.data })] : [];
}

const toProblem = ({ path, message }: z.core.$ZodIssue) => [path.join('.'), message] as const;

function freeze(settings: UpstreamSettings): UpstreamSettings {
  Object.freeze(settings.headers);
  return Object.freeze(settings);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
