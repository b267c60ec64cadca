import { InvalidArgumentError } from 'commander';
import { hasControlCharacters, type idPrefixes, length, login, prefixOf, reason } from '../grammar.js';

const credentialId = /^(?:mgmt|key|sess)_[A-Za-z0-9-]{1,64}$/;
const duration = /^([1-9]\d{0,8})([smhd])$/;
const instantPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/;
const secondsIn: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const tenYears = 3650 * 86_400;

// Parsers of arguments and options for commander: each returns the value, or throws what is wrong with it.

const idOf = (prefix: (typeof idPrefixes)[number]) => (text: string) => {
  if (prefixOf(text) !== prefix) {
    throw new InvalidArgumentError(`It must be ${prefix}_ and 1 to 64 letters, digits or hyphens.`);
  }
  return text;
};

export const parseOrganizationId = idOf('org');
export const parseUserId = idOf('user');

/** A user by id or login. */
export function parseUser(text: string): string {
  if (prefixOf(text) === 'user' || login.safeParse(text).success) {
    return text;
  }
  throw new InvalidArgumentError('It must be user_ and 1 to 64 letters, digits or hyphens, or a login.');
}

/** Why something is asked for. */
export function parseReason(text: string): string {
  if (!reason.safeParse(text).success) {
    throw new InvalidArgumentError('It must have 500 characters at most, and no NUL characters.');
  }
  return text;
}

/** The id of something that can be revoked. */
export function parseCredentialId(text: string): string {
  if (!credentialId.test(text)) {
    throw new InvalidArgumentError('It must be mgmt_, key_ or sess_ and 1 to 64 letters, digits or hyphens.');
  }
  return text;
}

/** The id of a removal's or a grant's record. */
export function parseRecordId(text: string): string {
  if (prefixOf(text) !== 'rev' && prefixOf(text) !== 'grant') {
    throw new InvalidArgumentError('It must be rev_ or grant_ and 1 to 64 letters, digits or hyphens.');
  }
  return text;
}

/** An instant, with its time zone. */
export function parseInstant(text: string): Date {
  const instant = new Date(text);
  if (!instantPattern.test(text) || Number.isNaN(instant.getTime())) {
    throw new InvalidArgumentError('It must be an instant such as 2030-01-31T12:00:00Z.');
  }
  return instant;
}

/** The name of a role of PostgreSQL. */
export function parseDatabaseRole(text: string): string {
  if (text === '' || Buffer.byteLength(text) > 63 || hasControlCharacters(text) || text.toLowerCase() === 'public') {
    throw new InvalidArgumentError('It must be the name of a role of PostgreSQL, with 63 bytes at most.');
  }
  return text;
}

/** A name for people: of a credential, or the subject of a token. */
export function parseName(text: string): string {
  if (text.trim() === '' || length(text) > 254 || hasControlCharacters(text) || !text.isWellFormed()) {
    throw new InvalidArgumentError('It must have 1 to 254 characters, and no control characters.');
  }
  return text;
}

/** A duration such as 90s, 15m, 12h or 30d, as seconds. */
export function parseDuration(text: string): number {
  const [, count, unit] = duration.exec(text) ?? [];
  const seconds = Number(count) * (secondsIn[unit ?? ''] ?? Number.NaN);
  if (Number.isNaN(seconds) || seconds > tenYears) {
    throw new InvalidArgumentError('It must be a duration such as 90s, 15m, 12h or 30d, and at most 3650d.');
  }
  return seconds;
}
