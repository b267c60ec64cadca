import { hash } from 'node:crypto';
import { type Authenticate, type CredentialCarrier, credentialHeaders } from '../auth/authenticate.js';

/** Some 2 MB. */
const mostCredentials = 10_000;
/** The flows of requests without a credential, and with one that was not seen here yet. No organization has these ids. */
export const strangers = { nobody: '', unknown: '?' } as const;

/** Tells whose a request is before its credential is checked, to share the gateway fairly; for nothing else. */
export interface Flows {
  /** The organization of the last request that was let in with this credential; one of {@link strangers} where there was none. */
  find(carrier: CredentialCarrier): string;
  /** The same `authenticate`, from which it learns. */
  learnFrom(authenticate: Authenticate): Authenticate;
}

/**
 * Remembers to which organization credentials belong. What is remembered opens nothing: a credential is checked at every
 * request. Kept under a digest of all that the caller presents, so that nobody can pass for another's flow by an id that
 * is no secret, and no memory dump holds secrets.
 */
export function createFlows(): Flows {
  const known = new Map<string, string>();
  return {
    find: (carrier) => {
      const presented = findPresented(carrier);
      return presented.length === 0 ? strangers.nobody : (known.get(toKey(presented)) ?? strangers.unknown);
    },
    learnFrom: (authenticate) => async (carrier, traceId) => {
      const authentication = await authenticate(carrier, traceId);
      if (authentication.principal) {
        remember(known, toKey(findPresented(carrier)), authentication.principal.organization.id);
      }
      return authentication;
    },
  };
}

function remember(known: Map<string, string>, key: string, organization: string): void {
  if (known.get(key) === organization) {
    return;
  }
  known.set(key, organization);
  const [oldest] = known.size > mostCredentials ? known.keys() : [];
  if (oldest !== undefined) {
    known.delete(oldest);
  }
}

function findPresented({ headers, apiKeysInQuery }: CredentialCarrier): string[] {
  const presented = [...apiKeysInQuery];
  for (const [name, value] of headers) {
    if (credentialHeaders.has(name)) {
      presented.push(`${name} ${value}`);
    }
  }
  return presented;
}

// No header holds a line break.
const toKey = (presented: readonly string[]) => hash('sha256', presented.toSorted().join('\n'), 'base64url');
