import { z } from 'zod';
import { type InputIssue, InvalidInputError } from './errors.js';

/** The prefixes of the ids in the graph; each belongs to one type. */
export const idPrefixes = ['org', 'user', 'proj', 'role', 'res', 'sess', 'rev', 'grant', 'off'] as const;
export type IdPrefix = (typeof idPrefixes)[number];

const anyId = new RegExp(`^(${idPrefixes.join('|')})_[A-Za-z0-9-]{1,64}$`);

/** The prefix of a well-formed id, or null where the text is none. */
export function prefixOf(text: string): IdPrefix | null {
  return anyId.test(text) ? (text.slice(0, text.indexOf('_')) as IdPrefix) : null;
}

/** An id of one type, such as `user_…`. */
export function id(prefix: IdPrefix) {
  return z.string().refine((text) => prefixOf(text) === prefix, {
    error: `must be ${prefix}_ and 1 to 64 letters, digits or hyphens`,
  });
}

// The database stores neither NUL nor half a surrogate pair; other control characters have no place in a login.
export const isStorable = (text: string) => !text.includes('\0') && text.isWellFormed();
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
export const hasControlCharacters = (text: string) => /[\u0000-\u001f\u007f-\u009f]/.test(text);
/** In characters as people count them, not in halves of surrogate pairs. */
export const length = (text: string) => [...text].length;

/** A part of an input that may be left out: null where it is. */
export const nullable = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value) => value ?? null);

/** A login: compared exactly, never mistaken for an id. */
export const login = z
  .string()
  .refine((text) => length(text) >= 1 && length(text) <= 254, { error: 'must have 1 to 254 characters' })
  .refine((text) => prefixOf(text) === null, { error: 'must not look like an id' })
  .refine((text) => text.isWellFormed() && !hasControlCharacters(text) && text === text.trim(), {
    error: 'must not hold control characters or begin or end with a space',
  });

/** Why a change is asked for: free text for the audit trail. */
export const reason = z
  .string()
  .refine((text) => length(text) <= 500, { error: 'must have 500 characters at most' })
  .refine(isStorable, { error: 'must be text without NUL characters' })
  .nullish()
  .transform((text) => text ?? null);

/** A user's role in a project: what the import takes too. */
export const projectRole = z
  .string()
  .refine((text) => length(text) >= 1 && length(text) <= 254, { error: 'must have 1 to 254 characters' })
  .refine(isStorable, { error: 'must be text without NUL characters' });

/**
 * An entry of the directory, or what another system calls it: that system's own grammar is checked once it is known to be
 * none of the directory's. An id of another type is neither.
 */
export function upstreamId(prefix: IdPrefix) {
  return z
    .string()
    .refine((text) => length(text) >= 1 && length(text) <= 254 && text.isWellFormed() && !hasControlCharacters(text), {
      error: 'must be an id of 1 to 254 characters',
    })
    .refine((text) => [null, prefix].includes(prefixOf(text)), { error: `must not be another type’s id` });
}

const userReferenceBy = (userId: z.ZodType<string>) =>
  z
    .object({ id: userId.nullish(), login: login.nullish() })
    .transform(({ id, login }) => ({ userId: id ?? null, userLogin: login ?? null }));

/** One user, by id or by login. GraphQL's @oneOf has made sure that it is exactly one. */
export const userReference = userReferenceBy(id('user'));
/** The same where another system may know the user by a name of its own. */
export const upstreamUserReference = userReferenceBy(upstreamId('user'));

/** Checks an input against its grammar. Throws {@link InvalidInputError} with every issue; paths start at `root`. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown, root = 'input'): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (!parsed.success) {
    throw new InvalidInputError(parsed.error.issues.map((issue) => toInputIssue(issue, root)));
  }
  return parsed.data;
}

const toInputIssue = (issue: z.core.$ZodIssue, root: string): InputIssue => ({
  path: [root, ...issue.path.map(String)],
  message: issue.message,
});

/** What a list is searched for. */
export const searchText = z
  .string()
  .refine((text) => length(text) <= 254, { error: 'must have 254 characters at most' })
  .refine(isStorable, { error: 'must be text without NUL characters' });
