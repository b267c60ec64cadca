import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

const runner = join(import.meta.dirname, 'run-typescript.mjs');

/** Runs a TypeScript file in a process of its own. It can `process.send` messages; its output goes where ours goes. */
export function forkTypescript(file: string, ...parameters: string[]): ChildProcess {
  return fork(runner, [file, ...parameters], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

/** The next message of a process. Rejects where it ends without one. */
export function nextMessage<Message>(child: ChildProcess): Promise<Message> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as Message));
    child.once('exit', (code, signal) => reject(new Error(`The process ended without a message: ${code ?? signal}`)));
  });
}

/** Kills a process as a crash or the system would, and waits until it is gone. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
