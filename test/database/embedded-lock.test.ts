import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DirectoryLockedError, lockDirectory } from '../../src/database/embedded-lock.js';
import { identifyProcess } from '../../src/database/process-identity.js';
import { forkTypescript, kill, nextMessage } from '../support/processes.js';

let parent: string;
let folder: string;
let path: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'divest-lock-'));
  folder = join(parent, 'database');
  path = `${folder}.lock`;
});
afterEach(async () => {
  await Promise.all(children.splice(0).map(kill));
  rmSync(parent, { recursive: true, force: true });
});

async function startProcess(): Promise<{ child: ChildProcess; tryToLock: () => Promise<string> }> {
  const child = forkTypescript(join(import.meta.dirname, 'locking-process.ts'), folder);
  children.push(child);
  await nextMessage(child);
  const tryToLock = () => {
    const answer = nextMessage<string>(child);
    child.send('go');
    return answer;
  };
  return { child, tryToLock };
}

/** Writes a lock that is held by such a process. */
const heldBy = (holder: object) =>
  writeFileSync(path, JSON.stringify({ ...identifyProcess(), token: 'earlier', ...holder }));
const filesLeft = () => readdirSync(parent);
const failure = () => {
  try {
    lockDirectory(folder);
    return 'no failure';
  } catch (error) {
    return error instanceof DirectoryLockedError ? error.message : `unexpected: ${error}`;
  }
};

describe('the lock of an embedded database', () => {
  test('is refused to a second process while the first lives, with both named', async () => {
    const { child, tryToLock } = await startProcess();
    expect(await tryToLock()).toBe('locked');
    expect(failure()).toMatch(new RegExp(`database in ${folder} is in use by process ${child.pid}\\.`));
    expect(filesLeft()).toEqual(['database.lock']);
  });

  test('is refused to the same process too', () => {
    const unlock = lockDirectory(folder);
    expect(failure()).toContain(`process ${process.pid}`);
    unlock();
    expect(filesLeft()).toEqual([]);
    lockDirectory(folder)();
  });

  test('is taken over from a process that was killed', async () => {
    const { child, tryToLock } = await startProcess();
    await tryToLock();
    await kill(child);
    const unlock = lockDirectory(folder);
    expect(JSON.parse(readFileSync(path, 'utf8')).pid).toBe(process.pid);
    expect(filesLeft()).toEqual(['database.lock']);
    unlock();
  });

  test.skipIf(process.platform === 'win32')('is taken over where the process id belongs to another by now', () => {
    heldBy({ pid: process.ppid, started: 'long ago' });
    lockDirectory(folder)();
    heldBy({ pid: process.ppid, started: null });
    expect(failure()).toContain(`process ${process.ppid}`);
  });

  test.runIf(process.platform === 'linux')('is taken over from a killed process that nobody waits for', async () => {
    // The shell becomes sleep, which doesn't know that it has a child.
    const parent = spawn('sh', ['-c', 'sh -c "echo \\$\\$" & exec sleep 30'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const pid = Number(await new Promise((resolve) => parent.stdout.once('data', (data) => resolve(String(data)))));
    await vi.waitUntil(() => readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z '));
    heldBy({ pid, started: null });
    lockDirectory(folder)();
    parent.kill();
  });

  test('is taken over after the machine was started again, whatever runs under that process id', () => {
    heldBy({ boot: 'earlier' });
    lockDirectory(folder)();
  });

  test('is refused where the holder ran elsewhere, so that nobody can tell, and says what to delete', () => {
    heldBy({ host: 'elsewhere' });
    expect(failure()).toMatch(new RegExp(`of another machine or container, elsewhere\\..*delete ${path}`));
    heldBy({ namespace: 'pid:[1]' });
    expect(failure()).toContain('another machine or container');
  });

  test('is refused where the file can not be read, and says what to delete', () => {
    writeFileSync(path, '');
    expect(failure()).toContain(`delete it`);
    expect(existsSync(path)).toBe(true);
  });

  test('goes to exactly one of the processes that race for that of a dead one, in every round', async () => {
    const { child, tryToLock } = await startProcess();
    await tryToLock();
    await kill(child);
    const stale = readFileSync(path, 'utf8');
    for (let round = 0; round < 5; round++) {
      for (const file of filesLeft()) {
        rmSync(join(parent, file));
      }
      writeFileSync(path, stale);
      const racers = await Promise.all(Array.from({ length: 4 }, startProcess));
      const answers = await Promise.all(racers.map((racer) => racer.tryToLock()));
      const [winner] = racers.filter((_, index) => answers[index] === 'locked');
      expect(answers.filter((answer) => answer === 'locked')).toHaveLength(1);
      expect(answers.filter((answer) => answer.includes(`process ${winner?.child.pid}.`))).toHaveLength(3);
      await Promise.all(racers.map((racer) => kill(racer.child)));
    }
  });

  test('is taken over from a successor that died before it had replaced the lock', () => {
    heldBy({ pid: 2 ** 22 + 1, token: 'first' });
    const successor = { ...identifyProcess(), pid: 2 ** 22 + 2, token: 'second' };
    writeFileSync(`${path}.first`, JSON.stringify(successor));
    const unlock = lockDirectory(folder);
    expect(JSON.parse(readFileSync(path, 'utf8')).pid).toBe(process.pid);
    expect(filesLeft()).toEqual(['database.lock']);
    unlock();
  });

  test('is refused where a living successor is about to replace it', () => {
    heldBy({ pid: 2 ** 22 + 1, token: 'first' });
    writeFileSync(
      `${path}.first`,
      JSON.stringify({ ...identifyProcess(), pid: process.ppid, started: null, token: 's' }),
    );
    expect(failure()).toContain(`process ${process.ppid}`);
  });

  test('that was taken over meanwhile is not released by its former holder', () => {
    const unlock = lockDirectory(folder);
    heldBy({ token: 'of somebody else' });
    unlock();
    expect(filesLeft()).toEqual(['database.lock']);
  });
});
