import type { Feature, GlobalRole } from '../generated/prisma/enums.js';

export type CredentialKind = 'MANAGEMENT_TOKEN' | 'BEARER' | 'SESSION' | 'API_KEY' | 'CXONE';

/** An organization-wide authority: administrator of the organization, or one of the fifteen global roles. */
export type Authority = 'ORG_ADMIN' | GlobalRole;

/** The caller's user as the directory had it when the request was authenticated. */
export interface CallerUser {
  readonly id: string;
  readonly orgAdmin: boolean;
  readonly globalRoles: readonly GlobalRole[];
}

/**
 * Who is calling. Made once a request from its one credential and frozen; the only source of the organization.
 * `authorities` is what the rules read. The database functions don't trust it: they read the directory again.
 */
export interface Principal {
  readonly credential: CredentialKind;
  readonly organization: { readonly id: string; readonly name: string; readonly features: readonly Feature[] };
  /** Null for a management token, and for a token whose subject is not in the directory. */
  readonly user: CallerUser | null;
  /** What the audit trail calls the caller: a user's id, or a management token's id. */
  readonly actor: string;
  /** The authorities that a verified token carries itself; they stand until it expires. */
  readonly claims: readonly Authority[];
  readonly authorities: ReadonlySet<Authority>;
  /** When a bearer or CXone token was issued (`iat`, seconds); null for other credentials. */
  readonly tokenIssuedAt: number | null;
}

/** Makes a principal of what its credential showed, and freezes all of it. */
export function createPrincipal(facts: Omit<Principal, 'authorities'>): Principal {
  const { credential, organization, user, actor, claims, tokenIssuedAt } = facts;
  return Object.freeze({
    credential,
    organization: Object.freeze({ ...organization, features: Object.freeze([...organization.features]) }),
    user: user && Object.freeze({ ...user, globalRoles: Object.freeze([...user.globalRoles]) }),
    actor,
    claims: Object.freeze([...claims]),
    authorities: frozenSet(authoritiesOf(facts)),
    tokenIssuedAt,
  });
}

// Tokens say themselves whether they are an administrator's; the directory's flag counts for sessions and keys. The
// database function caller_authorities says the same.
function authoritiesOf({ credential, user, claims }: Omit<Principal, 'authorities'>): Authority[] {
  const directory = user?.globalRoles ?? [];
  const isFlagged = user?.orgAdmin && (credential === 'SESSION' || credential === 'API_KEY');
  return isFlagged ? [...claims, ...directory, 'ORG_ADMIN'] : [...claims, ...directory];
}

// Object.freeze doesn't keep a Set from changing.
function frozenSet<Item>(items: readonly Item[]): ReadonlySet<Item> {
  const refuse = () => {
    throw new TypeError('A principal never changes.');
  };
  return Object.freeze(Object.assign(new Set(items), { add: refuse, delete: refuse, clear: refuse }));
}
