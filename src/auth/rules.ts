import type { Context } from '../context.js';
import { PaymentRequiredError, UnauthenticatedError } from '../errors.js';
import { getPrincipal } from './caller.js';
import type { Authority, CredentialKind, Principal } from './principal.js';
import { rule } from './shield.js';

// Rules read the principal alone, so they cost no I/O and can't be outdated within a request; what the directory says
// about the caller and the target is checked again by the database function, under its lock. `no_cache`, because
// a cached rule would answer the second mutation of a document with the first one's answer.
const principalRule = (name: string, isAllowed: (principal: Principal) => boolean | Error) =>
  rule(name, { cache: 'no_cache' })((_parent, _args, context: Context) => isAllowed(getPrincipal(context)));

/** The caller presented a credential of one of these kinds. */
export const isCredential = (...kinds: CredentialKind[]) =>
  principalRule(`isCredential(${kinds})`, ({ credential }) => kinds.includes(credential));

/** The caller holds one of these authorities, from its token or from the directory. */
export const holds = (...wanted: Authority[]) =>
  principalRule(`holds(${wanted})`, ({ authorities }) => wanted.some((authority) => authorities.has(authority)));

/** Anyone with a good credential. */
export const isKnown = principalRule('isKnown', () => true);

/** The schema is open to the caller, as to introspection; also to one without a credential where that is so. */
export const isSchemaOpen = rule('isSchemaOpen', { cache: 'no_cache' })(
  (_parent, _args, context: Context) =>
    context.isSchemaOpen || (context.principal ? false : new UnauthenticatedError()),
);

/** The caller is a user of the directory. */
export const isUser = principalRule('isUser', ({ user }) => user !== null);

/** A management token works only where the organization's plan includes the management API. */
export const hasManagementApi = principalRule(
  'hasManagementApi',
  ({ credential, organization }) =>
    credential !== 'MANAGEMENT_TOKEN' ||
    organization.features.includes('MANAGEMENT_API') ||
    new PaymentRequiredError('MANAGEMENT_API'),
);
