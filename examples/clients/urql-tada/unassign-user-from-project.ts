import type { Client } from '@urql/core';
import type { ResultOf, VariablesOf } from 'gql.tada';
import { done, type Outcome, refused, unchanged, unknown, unknownMember } from '../outcome.js';
import { graphql } from './graphql.js';

const document = graphql(`
  mutation UnassignUserFromProject($input: UnassignUserFromProjectInput!) {
    unassignUserFromProject(input: $input) {
      __typename
      ... on UnassignUserFromProjectSuccess {
        applied
        sessionEffect
        user { id login canStartSession }
      }
      ... on AccessError { code message traceId }
      ... on LastProjectError { project { id name } }
      ... on UpstreamError { system outcomeUnknown }
    }
  }
`);

export type Input = VariablesOf<typeof document>['input'];
type Result = ResultOf<typeof document>['unassignUserFromProject'];

/** Unassigns a user from a project. Throws where no answer was had; then it is not known whether it was done. */
export async function unassignUserFromProject(client: Client, input: Input): Promise<Outcome> {
  const { data, error } = await client.mutation(document, { input });
  if (error) {
    throw error;
  }
  return data ? toOutcome(data.unassignUserFromProject) : unknown('The gateway answered nothing.');
}

/** Treats alone what the program treats differently; the rest by the code and message that every error has. */
function toOutcome(result: Result): Outcome {
  switch (result.__typename) {
    case 'UnassignUserFromProjectSuccess':
      return result.applied
        ? done(`Unassigned ${result.user?.login ?? 'the user'}. Sessions: ${result.sessionEffect}.`)
        : unchanged;
    case 'LastProjectError':
      return refused(`${result.project?.name ?? 'This'} is the only project of the user, who keeps it.`);
    case 'UpstreamError':
      return result.outcomeUnknown ? unknown(`${result.system} may have done it, or not.`) : refused(result.message);
    // The same may be under way already, and nobody knows yet how it ends.
    case 'ConflictError':
    case 'InternalError':
      return unknown(`${result.message} (${result.traceId})`);
    case 'ForbiddenError':
    case 'InvalidInputError':
    case 'NotFoundError':
    case 'PaymentRequiredError':
    case 'RateLimitedError':
    case 'UnauthenticatedError':
    case 'UserNotAssignedError':
      return refused(`${result.message} (${result.code})`);
    default:
      return toUnknown(result satisfies never);
  }
}

// The types say that this can't be; a gateway that is newer than they are doesn't know that.
const toUnknown = ({ __typename }: { __typename: string }) => unknownMember(__typename);
