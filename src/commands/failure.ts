import { CommanderError } from 'commander';

/** What the exit codes of the command line mean. */
export const exitCodes = { ok: 0, failed: 1, usage: 2 } as const;

/** A command that can't do what it was asked to. The message is for the person who asked; none where it is empty. */
export class CommandError extends Error {
  constructor(
    message: string,
    readonly exitCode: number = exitCodes.failed,
  ) {
    super(message);
    this.name = 'CommandError';
  }
}

/** How a command ended: with which exit code, and what is to be said on stderr; null where it has been said. */
export interface Failure {
  readonly exitCode: number;
  readonly message: string | null;
}

// Errors whose messages are made for people. By name, because loading their classes would load the whole gateway.
const spokenErrors: ReadonlySet<string> = new Set([
  'ConfigError',
  'CommandError',
  'DevelopmentSecretError',
  'DirectoryBusyError',
  'DirectoryLockedError',
  'ExportError',
  'ImportError',
  'ListenError',
  'MigrationError',
  'PublicSecretsError',
  'WorkerError',
]);

/** What to tell of an error: its own message where that is made for people, and else no more than what the log may say. */
export async function toFailure(error: unknown): Promise<Failure> {
  if (error instanceof CommanderError) {
    return { exitCode: error.exitCode === 0 ? exitCodes.ok : exitCodes.usage, message: null };
  }
  if (error instanceof Error && spokenErrors.has(error.name)) {
    return { exitCode: toExitCode(error), message: error.message || null };
  }
  const { describeError } = await import('../log.js');
  const { name, code, at } = describeError(error);
  const details = [name, code, at && `at ${at}`].filter(Boolean).join(' ');
  return { exitCode: exitCodes.failed, message: `Something unexpected went wrong (${details}).` };
}

function toExitCode(error: Error): number {
  if ('exitCode' in error && typeof error.exitCode === 'number') {
    return error.exitCode;
  }
  return error.name === 'ConfigError' ? exitCodes.usage : exitCodes.failed;
}
