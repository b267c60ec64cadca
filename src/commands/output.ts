import { once } from 'node:events';
import { CommandError } from './failure.js';

/** The standard output of a command that writes a lot. */
export interface Output {
  /** Resolves once there is room for more. Rejects where nobody reads it any more, or it can't be written. */
  write(text: string): Promise<void>;
  /** Lets go of it. */
  close(): void;
}

/**
 * Writes to stdout no faster than it is read. Where the reader has gone, as `head` does, the command ends with an exit
 * code that says that it isn't done, and without a word.
 */
export function openOutput(stdout = process.stdout): Output {
  let failure: CommandError | null = null;
  const fail = ({ code }: NodeJS.ErrnoException) => {
    failure = new CommandError(code === 'EPIPE' ? '' : `The output cannot be written (${code ?? 'unknown reason'}).`);
    stdout.emit('drain');
  };
  stdout.on('error', fail);
  return {
    async write(text) {
      if (failure === null && !stdout.write(text)) {
        await once(stdout, 'drain');
      }
      if (failure !== null) {
        throw failure;
      }
    },
    close: () => stdout.off('error', fail),
  };
}
