import { InvalidArgumentError } from 'commander';
import { hasControlCharacters, type idPrefixes, length, prefixOf } from '../grammar.js';

const credentialId = /^(?:mgmt|key|sess)_[A-Za-z0-9-]{1,64}$/;
const duration = /^([1-9]\d{0,8})([smhd])$/;
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

/** The id of something that can be revoked. */
export function parseCredentialId(text: string): string {
  if (!credentialId.test(text)) {
    throw new InvalidArgumentError('It must be mgmt_, key_ or sess_ and 1 to 64 letters, digits or hyphens.');
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
