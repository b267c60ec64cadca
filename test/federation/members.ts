import { type GraphQLSchema, getNamedType, isUnionType } from 'graphql';
import { vi } from 'vitest';
import type { Database } from '../../src/database/database.js';
import * as errors from '../../src/errors.js';
import { type Caller, type Example, examples } from '../demo/examples.js';
import { bearer, credentials, type Headers } from '../support/gateway.js';
import type { Removal } from '../support/removals.js';

/** The credential with which an example of the demo is asked for. */
export async function headersOf(caller: Caller): Promise<Headers> {
  switch (caller) {
    case 'administrator':
      return bearer();
    case 'wrong':
      return { ...credentials.management, 'X-Management-Token': 'not-the-token-of-this-id' };
    default:
      return credentials[caller];
  }
}

/** Every header that can carry a credential. */
export const credentialHeaders = [
  ...['Authorization', 'X-Management-Id', 'X-Management-Token', 'X-API-Key', 'X-CXone-Authorization'],
];

/** A good credential, and one more in `header`: it is accepted by whoever doesn't get to see the header. */
export const withSecond = (header: string): Headers => ({
  ...(header === 'X-API-Key' ? credentials.management : credentials.plainUserKey),
  [header]: 'Bearer another',
});

/** A removal, and every member of its union with a request that is answered with it. */
export interface MemberCase {
  readonly removal: Removal;
  readonly member: string;
  readonly example: Pick<Example, 'as' | 'input'>;
  /** What the operation has to run into; null where the demo provokes the answer by itself. */
  readonly thrown: errors.AccessError | null;
}

// What the examples of the demo don't provoke: it takes an upstream, a flood, a fault or a race.
const facts = { outcomeUnknown: true, revocation: null, grant: null, status: null, upstreamTraceId: 'upstream-1' };
const unprovoked: Readonly<Record<string, () => errors.AccessError>> = {
  InvalidInputError: () => new errors.InvalidInputError([{ path: ['input'], message: 'must be something else' }]),
  ForbiddenError: () => new errors.ForbiddenError('More authority.'),
  PaymentRequiredError: () => new errors.PaymentRequiredError('MANAGEMENT_API'),
  ConflictError: () => new errors.ConflictError(),
  RateLimitedError: () => new errors.RateLimitedError(7),
  UpstreamError: () => new errors.UpstreamError('UPSTREAM_TIMEOUT', 'VOUCHERIFY', facts),
  InternalError: () => new errors.InternalError('UNAVAILABLE'),
};

/** Every member of the unions of the three removals. Throws where one is without a request. */
export function findMemberCases(schema: GraphQLSchema): readonly MemberCase[] {
  const removals = [...new Set(examples.map(({ mutation }) => mutation))];
  return removals.flatMap((removal) => {
    const union = getNamedType(schema.getMutationType()?.getFields()[removal]?.type);
    const members = isUnionType(union) ? union.getTypes().map(({ name }) => name) : [];
    return members.map((member) => toCase(removal, member));
  });
}

function toCase(removal: Removal, member: string): MemberCase {
  const ofRemoval = examples.filter(({ mutation }) => mutation === removal);
  const provoking = ofRemoval.find(({ answer }) => answer === member);
  const succeeding = ofRemoval.find(({ answer }) => answer.endsWith('Success'));
  const thrown = provoking ? null : (unprovoked[member]?.() ?? null);
  const example = provoking ?? succeeding;
  if (!example || !(provoking || thrown)) {
    throw new Error(`Nothing here makes ${removal} answer ${member}`);
  }
  return { removal, member, example, thrown };
}

/** Lets the next removal run into `error` where it would call its database function. */
export function failRemovals(database: Database, error: errors.AccessError): () => void {
  const query = database.query.bind(database);
  const spy = vi.spyOn(database, 'query').mockImplementation((sql, parameters) => {
    return /unassign_user_from_|remove_global_role/.test(sql) ? Promise.reject(error) : query(sql, parameters);
  });
  return () => spy.mockRestore();
}
