import { type DestinationStream, type Logger, pino } from 'pino';
import type { Config } from './config.js';

// What carries a secret, wherever an object of a log line holds it. Lines are written so that they hold none of these;
// this is the second line of defence, for the day when someone logs a whole request.
const secretKeys = [
  'authorization',
  'Authorization',
  'x-management-token',
  'X-Management-Token',
  'managementToken',
  'x-api-key',
  'X-API-Key',
  'x-cxone-authorization',
  'X-CXone-Authorization',
  'cookie',
  'api_key',
  'apiKey',
  'token',
  'tokenHash',
  'secret',
  'secretHash',
  'password',
  'key',
  'keyHash',
  'variables',
];
const redacted = secretKeys.flatMap((key) => [`["${key}"]`, `*["${key}"]`, `*.*["${key}"]`]);

/** Writes one JSON line an event. Known carriers of secrets are redacted; errors are told by {@link describeError}. */
export function createLogger(config: Pick<Config, 'logLevel'>, destination?: DestinationStream): Logger {
  const options = {
    level: config.logLevel,
    base: null,
    redact: { paths: redacted, censor: '[redacted]' },
    serializers: { err: describeError, error: describeError },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** What the log says of an unexpected error. */
export interface ErrorDescription {
  readonly name: string;
  readonly code?: string;
  /** The first place in this package's own files, such as `removal.js:77`. */
  readonly at?: string;
}

const ownPlace = /[\\/](?:src|dist)[\\/]((?:[\w.-]+[\\/])*[\w.-]+\.[jt]s:\d+)/;
const wellFormedCode = /^[\w-]{1,64}$/;

/**
 * Tells of an error what leads to its cause and nothing else: its name, its code and the place where it passed through
 * this package. Messages of drivers quote SQL, hosts and values, and stacks name folders, so neither is logged.
 */
export function describeError(error: unknown): ErrorDescription {
  if (!(error instanceof Error)) {
    return { name: typeof error };
  }
  const code = 'code' in error && typeof error.code === 'string' && wellFormedCode.test(error.code) && error.code;
  const at = findOwnPlace(error);
  return { name: error.name, ...(code && { code }), ...(at && { at }) };
}

// Frames are the lines that begin so; the message above them may hold anything.
function findOwnPlace({ stack = '' }: Error): string | null {
  const frames = stack.split('\n').filter((line) => line.startsWith('    at ') && !line.includes('node_modules'));
  return frames.map((frame) => ownPlace.exec(frame)?.[1]).find((place) => place !== undefined) ?? null;
}
