import type { Headers, TestGateway } from './gateway.js';

const shared = `
  __typename
  ... on RevocationSuccess {
    applied sessionEffect canStartSession
    sessions { id active }
    user { id }
    revocation { id kind state code actor reason requestedUser requestedTarget settledAt traceId }
  }
  ... on AccessError { code message httpStatus retryable traceId }
  ... on InvalidInputError { issues { path message } }
  ... on NotFoundError { resourceType resourceId }
  ... on ForbiddenError { requires }
  ... on PaymentRequiredError { feature }
  ... on RateLimitedError { retryAfterSeconds }
  ... on UpstreamError { system outcomeUnknown upstreamTraceId revocation { id state code upstreamTraceId } }`;

const documents = {
  unassignUserFromProject: `mutation ($input: UnassignUserFromProjectInput!) {
    unassignUserFromProject(input: $input) {
      ${shared}
      ... on UnassignUserFromProjectSuccess { project { id } }
      ... on LastProjectError { project { id } }
    }
  }`,
  unassignUserFromRole: `mutation ($input: UnassignUserFromRoleInput!) {
    unassignUserFromRole(input: $input) {
      ${shared}
      ... on UnassignUserFromRoleSuccess {
        role { id }
        lostResources { totalCount edges { node { id } } }
        keptResources { totalCount edges { node { id } direct roles { id } } }
      }
    }
  }`,
  removeGlobalRole: `mutation ($input: RemoveGlobalRoleInput!) {
    removeGlobalRole(input: $input) {
      ${shared}
      ... on RemoveGlobalRoleSuccess { globalRole remainingGlobalRoles }
    }
  }`,
} as const;

export type Removal = keyof typeof documents;

/** The answer of a mutation: one member of its union. */
export type Answer = Readonly<Record<string, unknown>> & { readonly __typename: string };

/** Sends one removal and returns the member of its union; fails where anything is in `errors`. */
export async function remove(
  gateway: Pick<TestGateway, 'ask'>,
  removal: Removal,
  input: object,
  headers: Headers,
): Promise<Answer> {
  const { data, errors } = await gateway.ask(documents[removal], { input }, headers);
  if (errors || !data) {
    throw new Error(`${removal} answered errors: ${JSON.stringify(errors)}`);
  }
  return data[removal] as Answer;
}
