import { z } from 'zod';
import { type InputIssue, InvalidInputError } from './errors.js';

/** The arguments of a Relay connection, as a client gives them. */
export interface PageArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

/** Entries of a page unless the client says otherwise, and at most. */
export const defaultPageSize = 50;
export const maxPageSize = 200;

/** The types of the columns that order a list. A cursor holds a value for each. */
export type KeyTypes = readonly ('text' | 'timestamptz')[];

/** The part of a list that is asked for: up to `size` entries from the one end or the other. */
export interface Window {
  readonly size: number;
  readonly backwards: boolean;
  readonly after: readonly string[] | null;
  readonly before: readonly string[] | null;
}

// As encodeCursor writes it: the database takes no year 0, and not every offset that the standard allows.
const instant = z.iso.datetime({ precision: 3 }).refine((text) => text >= '1970' && text < '9999');
const text = z
  .string()
  .max(300)
  .refine((part) => part.isWellFormed() && !part.includes('\0'));

/** An opaque text that leads back to one place of a list. */
export const encodeCursor = (key: readonly unknown[]) => Buffer.from(JSON.stringify(key)).toString('base64url');

function decodeCursor(cursor: string, types: KeyTypes): string[] | null {
  if (!/^[A-Za-z0-9_-]{1,1000}$/.test(cursor)) {
    return null;
  }
  let key: unknown;
  try {
    key = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
  const parts = z.array(text).length(types.length).safeParse(key);
  const fits = parts.data?.every((part, index) => types[index] === 'text' || instant.safeParse(part).success);
  return fits ? (parts.data ?? null) : null;
}

/** Everything that is wrong with the arguments of a list with such a key. */
export function findPageIssues(args: PageArguments, types: KeyTypes): InputIssue[] {
  const issues: InputIssue[] = [];
  for (const name of ['first', 'last'] as const) {
    const size = args[name];
    if (typeof size === 'number' && (size < 0 || size > maxPageSize)) {
      issues.push({ path: [name], message: `must be from 0 to ${maxPageSize}` });
    }
  }
  if (typeof args.first === 'number' && typeof args.last === 'number') {
    issues.push({ path: ['last'], message: 'must not be given together with first' });
  }
  for (const name of ['after', 'before'] as const) {
    const cursor = args[name];
    if (typeof cursor === 'string' && !decodeCursor(cursor, types)) {
      issues.push({ path: [name], message: 'must be a cursor of this list' });
    }
  }
  return issues;
}

/** Reads the arguments of a connection; throws InvalidInputError with everything that is wrong with them. */
export function toWindow(args: PageArguments, types: KeyTypes): Window {
  const issues = findPageIssues(args, types);
  if (issues.length > 0) {
    throw new InvalidInputError(issues);
  }
  const backwards = typeof args.last === 'number';
  return {
    size: (backwards ? args.last : args.first) ?? defaultPageSize,
    backwards,
    after: typeof args.after === 'string' ? decodeCursor(args.after, types) : null,
    before: typeof args.before === 'string' ? decodeCursor(args.before, types) : null,
  };
}
