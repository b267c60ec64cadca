import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { identifyProcess, isAlive, type ProcessIdentity } from './process-identity.js';

/** The embedded database is open in another process, which the message names. */
export class DirectoryLockedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DirectoryLockedError';
  }
}

interface Holder extends ProcessIdentity {
  /** Different for every lock that is ever taken. */
  readonly token: string;
}

/**
 * Takes the lock of a folder: a file beside it, `<folder>.lock`, that says which process holds it. Never takes it from
 * a process that is alive; takes over from one that is dead. Throws DirectoryLockedError. Returns what releases it.
 *
 * The file appears whole, by a hard link, which one process alone can make. Taking over needs care: who has seen a
 * dead holder could remove the lock of the next one, which came first. So a successor names itself in a second file,
 * whose name holds the token of the dead holder: it too can be made by one process alone. Where the successor dies as
 * well, its own token names the next. Only the last of this chain may replace the lock, and only while the lock is
 * still the one that the chain began with.
 */
export function lockDirectory(folder: string): () => void {
  const path = `${resolve(folder)}.lock`;
  const own: Holder = { ...identifyProcess(), token: randomUUID() };
  const draft = `${path}.${own.token}.new`;
  write(draft, own);
  try {
    while (!tryToLink(draft, path) && !tryToTakeOver({ folder, path, draft, own })) {
      // Another process was at it in the same moment: look again.
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return () => {
    if (read(path)?.token === own.token) {
      rmSync(path, { force: true });
    }
  };
}

interface Attempt {
  readonly folder: string;
  readonly path: string;
  readonly draft: string;
  readonly own: Holder;
}

/** False where the lock changed meanwhile. */
function tryToTakeOver({ folder, path, draft, own }: Attempt): boolean {
  const first = read(path);
  const claims: string[] = [];
  for (let holder = first; holder !== null; ) {
    refuseUnlessDead(holder, own, folder, path);
    const claim = `${path}.${holder.token}`;
    claims.push(claim);
    if (tryToLink(draft, claim)) {
      return replace(path, draft, first, claims);
    }
    holder = read(claim);
  }
  return false;
}

function replace(path: string, draft: string, expected: Holder | null, claims: readonly string[]): boolean {
  const isStillTheSame = read(path)?.token === expected?.token;
  if (isStillTheSame) {
    renameSync(draft, path);
  }
  for (const claim of isStillTheSame ? claims : claims.slice(-1)) {
    rmSync(claim, { force: true });
  }
  return isStillTheSame;
}

function refuseUnlessDead(holder: Holder, own: Holder, folder: string, path: string): void {
  const alive = isAlive(holder, own);
  if (alive === true) {
    throw new DirectoryLockedError(
      `The embedded database in ${resolve(folder)} is in use by process ${holder.pid}. Stop that process first, ` +
        'choose another folder with DIVEST_DATA_DIR, or use PostgreSQL (DATABASE_URL), which several can share.',
    );
  }
  if (alive === 'unknown') {
    throw new DirectoryLockedError(
      `The embedded database in ${resolve(folder)} is locked by process ${holder.pid} of another machine or ` +
        `container, ${holder.host}. If it is certain that this one no longer runs, delete ${path}.`,
    );
  }
}

function tryToLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      return false;
    }
    throw error;
  }
}

function write(path: string, holder: Holder): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeSync(file, JSON.stringify(holder));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Null where there is no such file any more. */
function read(path: string): Holder | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return null;
    }
    throw error;
  }
  try {
    return JSON.parse(text) as Holder;
  } catch {
    throw new DirectoryLockedError(`The lock file ${path} can't be read. If no gateway runs there, delete it.`);
  }
}
