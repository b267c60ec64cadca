import { z } from 'zod';
import { Feature, GlobalRole } from '../generated/prisma/enums.js';
import { type IdPrefix, id, isStorable, length, login } from '../grammar.js';

const text = (max: number) =>
  z
    .string()
    .refine((value) => value.length > 0 && (value.length <= max || length(value) <= max), {
      error: `must have 1 to ${max} characters`,
    })
    .refine(isStorable, { error: 'must be text without NUL characters or halves of surrogate pairs' });
const name = text(254);
const ids = (prefix: IdPrefix) => z.array(id(prefix));

const credentialId = (prefix: 'mgmt' | 'key') =>
  z.string().regex(new RegExp(`^${prefix}_[A-Za-z0-9-]{1,64}$`), {
    error: `must be ${prefix}_ and 1 to 64 letters, digits or hyphens`,
  });
// It travels in a header, and the Basic scheme splits at the first colon of id:token only.
const secret = z.string().regex(/^[\x21-\x7e]{24,512}$/, {
  error: 'must have 24 to 512 characters, all of them visible ASCII without spaces',
});
const isInRange = (value: string) => value >= '1970' && value < '9999';
const instant = z.iso
  .datetime({ offset: true, error: 'must be an ISO 8601 instant such as 2030-01-01T00:00:00Z' })
  .refine(isInRange, { error: 'must be between the years 1970 and 9998' })
  // The database takes neither every offset nor every number of digits that the standard allows.
  .transform((value) => new Date(value).toISOString());

/** Which system knows the entry under which id. */
const externalIds = z.strictObject({
  VOUCHERIFY: name.optional(),
  // Capitals mean the same there: as small letters it is found however it is given.
  ENTRYGUARD: name.transform((value) => value.toLowerCase()).optional(),
  COGNIGY: name.optional(),
});

const members = z.array(z.strictObject({ user: id('user'), role: name })).superRefine((list, context) => {
  const places = new Map<string, number>();
  for (const [index, { user }] of list.entries()) {
    const earlier = places.get(user);
    if (earlier !== undefined) {
      context.addIssue({ code: 'custom', path: [index, 'user'], message: `is in members[${earlier}] already` });
    }
    places.set(user, index);
  }
});

const organization = id('org');

/**
 * What an entry of each section must look like. Only what identifies it is always needed; a name or a login may be
 * left out where the directory has the entry already.
 */
export const entrySchemas = {
  organizations: z.strictObject({
    id: id('org'),
    name: name.optional(),
    features: z.array(z.enum(Feature)).optional(),
  }),
  resources: z.strictObject({ id: id('res'), organization, name: name.optional() }),
  users: z.strictObject({
    id: id('user'),
    organization,
    login: login.optional(),
    name: name.nullish(),
    subject: name.optional(),
    orgAdmin: z.boolean().optional(),
    active: z.boolean().optional(),
    globalRoles: z.array(z.enum(GlobalRole)).optional(),
    resources: ids('res').optional(),
    externalIds: externalIds.optional(),
  }),
  projects: z.strictObject({
    id: id('proj'),
    organization,
    name: name.optional(),
    members: members.optional(),
    externalIds: externalIds.optional(),
  }),
  roles: z.strictObject({
    id: id('role'),
    organization,
    name: name.optional(),
    description: text(2000).nullish(),
    resources: ids('res').optional(),
    users: ids('user').optional(),
    externalIds: externalIds.optional(),
  }),
  managementTokens: z.strictObject({
    id: credentialId('mgmt'),
    organization,
    name: name.optional(),
    token: secret.optional(),
  }),
  apiKeys: z.strictObject({
    id: credentialId('key'),
    user: id('user'),
    name: name.optional(),
    key: secret.optional(),
  }),
  sessions: z.strictObject({ id: id('sess'), user: id('user'), expiresAt: instant.optional() }),
};

export type Section = keyof typeof entrySchemas;
/** The sections of an import file, in the order in which they are written to the database. */
export const sections: ReadonlySet<string> = new Set(Object.keys(entrySchemas));

export function isSection(name: string): name is Section {
  return sections.has(name);
}
