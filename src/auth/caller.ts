import type { Context } from '../context.js';
import { UnauthenticatedError } from '../errors.js';
import type { Principal } from './principal.js';

/** The principal of a request that the rules have let through. */
export function getPrincipal(context: Context): Principal {
  if (!context.principal) {
    throw context.authenticationError ?? new UnauthenticatedError();
  }
  return context.principal;
}

/** The caller as the database functions take it: who it is and what its token says, not what it may do. */
export function toCaller(context: Context) {
  const { organization, credential, actor, user, claims, tokenIssuedAt } = getPrincipal(context);
  return {
    organizationId: organization.id,
    credential,
    actor,
    userId: user?.id ?? null,
    claims,
    tokenIssuedAt,
    traceId: context.traceId,
  };
}

/**
 * The one user that the caller sees: itself. Null where it may read the whole directory of its organization; an empty
 * text, which no id equals, where it is no user of the directory.
 */
export function confinedTo(principal: Principal): string | null {
  const { credential, authorities } = principal;
  const readsAll =
    credential === 'MANAGEMENT_TOKEN' ||
    (['ORG_ADMIN', 'ADMIN', 'USER_MANAGER', 'USER_DETAILS_VIEWER'] as const).some((role) => authorities.has(role));
  return readsAll ? null : (principal.user?.id ?? '');
}
