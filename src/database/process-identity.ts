import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Which process it is: a process id alone is given to another process sooner or later. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, as its system tells it; null where that can't be found out. */
  readonly started: string | null;
  readonly host: string;
  /** Different after each start of the machine; null where that can't be found out. */
  readonly boot: string | null;
  /** Process ids are comparable within one namespace only: containers have their own. */
  readonly namespace: string | null;
}

/** The identity of this process. */
export function identifyProcess(): ProcessIdentity {
  return {
    pid: process.pid,
    started: startOf(process.pid),
    host: hostname(),
    boot: orNull(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    namespace: orNull(() => readlinkSync('/proc/self/ns/pid')),
  };
}

/** Whether the process still runs; 'unknown' where it ran on another machine or in another container. */
export function isAlive(other: ProcessIdentity, own: ProcessIdentity): boolean | 'unknown' {
  if (other.host !== own.host) {
    return 'unknown';
  }
  if (other.boot !== own.boot) {
    return false;
  }
  if (other.namespace !== own.namespace) {
    return 'unknown';
  }
  if (isZombie(other.pid)) {
    return false;
  }
  const started = startOf(other.pid);
  return isRunning(other.pid) && (started === null || other.started === null || started === other.started);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Not allowed to signal it: so there is one.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

// What is behind the program's name, which may hold spaces and brackets: first the state, and the start as the 20th.
const statusOf = (pid: number) =>
  orNull(() => readFileSync(`/proc/${pid}/stat`, 'utf8').split(')').at(-1)?.split(' ').slice(1));

// Killed, and not yet waited for by its parent, which in a container may never happen. It has no file open any more.
const isZombie = (pid: number) => process.platform === 'linux' && statusOf(pid)?.[0] === 'Z';

function startOf(pid: number): string | null {
  if (process.platform === 'linux') {
    return statusOf(pid)?.[19] ?? null;
  }
  if (process.platform === 'win32') {
    return null;
  }
  return orNull(() => execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null);
}

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
