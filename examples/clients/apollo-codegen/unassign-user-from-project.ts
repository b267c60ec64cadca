import type { ApolloClient } from '@apollo/client/core';
import { done, type Outcome, refused, unchanged, unknown, unknownMember } from '../outcome.js';
import {
  UnassignUserFromProjectDocument,
  type UnassignUserFromProjectInput,
  type UnassignUserFromProjectMutation,
} from './generated/graphql.js';

/** Unassigns a user from a project. Throws where no answer was had; then it is not known whether it was done. */
export async function unassignUserFromProject(
  client: ApolloClient,
  input: UnassignUserFromProjectInput,
): Promise<Outcome> {
  const { data } = await client.mutate({ mutation: UnassignUserFromProjectDocument, variables: { input } });
  return data ? toOutcome(data.unassignUserFromProject) : unknown('The gateway answered nothing.');
}

type Result = UnassignUserFromProjectMutation['unassignUserFromProject'];

/** Names every member of the result: where one is missing, `satisfies never` doesn't compile. */
function toOutcome(result: Result): Outcome {
  switch (result.__typename) {
    case 'UnassignUserFromProjectSuccess':
      return result.applied
        ? done(`Unassigned ${result.user?.login ?? 'the user'}. Sessions: ${result.sessionEffect}.`)
        : unchanged;
    case 'LastProjectError':
      return refused(`${result.project?.name ?? 'This'} is the only project of the user, who keeps it.`);
    case 'InvalidInputError':
      return refused(result.issues.map(({ message }) => message).join(' '));
    case 'ForbiddenError':
      return refused(`${result.message} ${result.requires}`);
    case 'RateLimitedError':
      return refused(`Try again in ${result.retryAfterSeconds} s.`);
    case 'UnauthenticatedError':
    case 'PaymentRequiredError':
    case 'NotFoundError':
    case 'UserNotAssignedError':
      return refused(result.message);
    case 'UpstreamError':
      return result.outcomeUnknown ? unknown(`${result.system} may have done it, or not.`) : refused(result.message);
    // The same may be under way already, and nobody knows yet how it ends.
    case 'ConflictError':
    case 'InternalError':
      return unknown(`${result.message} (${result.traceId})`);
    default:
      return toUnknown(result satisfies never);
  }
}

// The types say that this can't be; a gateway that is newer than they are doesn't know that.
const toUnknown = ({ __typename }: { __typename: string }) => unknownMember(__typename);
