import { commitMutation, type Environment, readInlineData } from 'relay-runtime';
import { done, type Outcome, refused, unchanged, unknown, unknownMember } from '../outcome.js';
import errorFragment, { type divestError$key } from './generated/divestError.graphql.js';
import mutation, {
  type divestUnassignMutation,
  type divestUnassignMutation$data,
} from './generated/divestUnassignMutation.graphql.js';

type Input = divestUnassignMutation['variables']['input'];
type Result = divestUnassignMutation$data['unassignUserFromProject'];

/** Unassigns a user from a project. Rejects where no answer was had; then it is not known whether it was done. */
export function unassignUserFromProject(environment: Environment, input: Input): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    commitMutation<divestUnassignMutation>(environment, {
      mutation,
      variables: { input },
      onCompleted: ({ unassignUserFromProject: result }) => resolve(toOutcome(result)),
      onError: reject,
    });
  });
}

/** Treats alone what the program treats differently; the rest by the code and message that every error has. */
function toOutcome({ __typename, success, lastProject, upstream, error: key }: Result): Outcome {
  if (success) {
    return success.applied
      ? done(`Unassigned ${success.user?.login ?? 'the user'}. Sessions: ${success.sessionEffect}.`)
      : unchanged;
  }
  if (lastProject) {
    return refused(`${lastProject.project?.name ?? 'This'} is the only project of the user, who keeps it.`);
  }
  if (upstream?.outcomeUnknown) {
    return unknown(`${upstream.system} may have done it, or not.`);
  }
  return key ? toErrorOutcome(__typename, key) : unknownMember(__typename);
}

// Those after which nothing has changed, of the errors that this program was built for. ConflictError is none: the same
// may be under way already, and nobody knows yet how it ends.
const refusals = [
  'ForbiddenError',
  'InvalidInputError',
  'NotFoundError',
  'PaymentRequiredError',
  'RateLimitedError',
  'UnauthenticatedError',
  'UpstreamError',
  'UserNotAssignedError',
];

function toErrorOutcome(typename: string, key: divestError$key): Outcome {
  const { code, message, traceId } = readInlineData(errorFragment, key);
  return refusals.includes(typename) ? refused(`${message} (${code})`) : unknown(`${message} (${code}, ${traceId})`);
}
