import { z } from 'zod';
import type { Attempt } from '../attempt.js';
import type { Context } from '../context.js';
import type { UpstreamSystem } from '../errors.js';
import { id, parseInput } from '../grammar.js';
import { carryOutGrant, type GrantAnswer, recordGrantRefusal } from '../grant.js';
import { type Giving, grantInput } from '../grant-request.js';
import { permissions } from '../permissions.js';
import { findOwner } from '../removal.js';
import { describeUpstream } from '../upstreams/calls.js';

/** A removal that is to be restored. */
export interface RestoreRequest {
  readonly revocationId: string;
  readonly reason: string | null;
  readonly dryRun: boolean;
}

const grammar = z.object({ revocationId: id('rev'), ...grantInput });

/** Checks the arguments of the mutation; throws InvalidInputError. */
export const toRestoreRequest = ({ input }: { input: unknown }): RestoreRequest => parseInput(grammar, input);

// What the removal took, and so whose it is, is read where the user is locked.
const owners: Readonly<Record<Giving['kind'], UpstreamSystem>> = {
  ...{ PROJECT: 'VOUCHERIFY', ROLE: 'ENTRYGUARD', GLOBAL_ROLE: 'COGNIGY' },
};

function describeUpstreams(context: Context) {
  const described = Object.entries(owners).map(([kind, system]) => {
    const owner = findOwner(context, { system });
    return [kind, owner && describeUpstream(owner)];
  });
  return Object.fromEntries(described);
}

/**
 * Gives again exactly what one removal took, as long as the user is active and nothing has changed it since. Throws
 * ForbiddenError, NotFoundError or ConflictError.
 */
export function restoreAccess(context: Context, request: RestoreRequest): Promise<GrantAnswer> {
  const path = ['input', 'revocationId'];
  return carryOutGrant(context, {
    databaseFunction: 'restore_access',
    request: { ...request, upstreams: describeUpstreams(context) },
    requires: permissions.Mutation.restoreAccess.requires,
    names: { user: '', target: request.revocationId },
    paths: { user: path, target: path },
  });
}

/** For an attempt that its rule refuses. */
export const restoreAttempt: Attempt<RestoreRequest> = {
  toRequest: toRestoreRequest,
  recordRefusal: (context, request, code) => recordGrantRefusal(context, null, request, code),
};
