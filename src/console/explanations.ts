import { Failure } from './client.js';
import type { OtherAnswer, Target } from './removal.js';

/** An answer that is no success, for a person. */
export interface Explanation {
  readonly title: string;
  readonly detail: string;
  /** UNCHANGED: nothing was taken away. UNKNOWN: it may have been, and nobody here can tell. */
  readonly certainty: 'UNCHANGED' | 'UNKNOWN';
}

const unchanged = (title: string, detail: string): Explanation => ({ title, detail, certainty: 'UNCHANGED' });
const unknown = (title: string, detail: string): Explanation => ({ title, detail, certainty: 'UNKNOWN' });

type Explain = (answer: OtherAnswer, target: Target, who: string) => Explanation;

const explanations: Readonly<Record<string, Explain>> = {
  InvalidInputError: ({ issues = [], message = '' }) =>
    unchanged(
      'The request is malformed',
      issues.map(({ path, message }) => `${path.at(-1)} ${message}`).join('; ') || message,
    ),
  UnauthenticatedError: () =>
    unchanged('Your credential is not accepted any more', 'Sign out, and sign in with another one.'),
  PaymentRequiredError: ({ feature }) =>
    unchanged(
      'Your organization’s plan doesn’t include this',
      feature ? `It lacks the feature ${feature}.` : 'A quota is used up.',
    ),
  ForbiddenError: ({ requires = '' }) => unchanged('You may not do this', `It needs: ${requires}`),
  NotFoundError: ({ resourceType = 'entry', resourceId = '' }) =>
    unchanged(
      `The ${resourceType.toLowerCase()} doesn’t exist`,
      `Your organization has no ${resourceType.toLowerCase()} ${resourceId}.`,
    ),
  UserNotAssignedError: (_answer, target, who) =>
    unchanged(`${who} doesn’t have ${target.name}`, 'There is nothing to take away; somebody may have been faster.'),
  LastProjectError: ({ project }, target, who) =>
    unchanged(
      `${project?.name ?? target.name} is the only project of ${who}`,
      'A user keeps one project. Assign another one first.',
    ),
  LastAdministratorError: (_answer, _target, who) =>
    unchanged(
      `${who} is the last active administrator`,
      'An organization keeps one. Give ADMIN to somebody else first.',
    ),
  ConflictError: ({ message = '' }) => unchanged('This conflicts with something else', message),
  RateLimitedError: ({ retryAfterSeconds = 0 }) =>
    unchanged('Too many requests', `Nothing was done. Ask again in ${retryAfterSeconds} seconds.`),
  UpstreamError: ({ system = 'The system behind the gateway', outcomeUnknown, code = '' }) =>
    outcomeUnknown
      ? unknown(
          `${system} may or may not have done it`,
          `It was asked, and the answer didn’t come (${code}). The record stays PENDING until that is known.`,
        )
      : unchanged(`${system} didn’t do it`, `It answered ${code}. Nothing was taken away.`),
  InternalError: ({ message = '' }) => unknown('The gateway couldn’t carry this to its end', message),
};

/** What an answer other than a success means. A member that this console doesn't know is never taken for a success. */
export function explain(answer: OtherAnswer, target: Target, who: string): Explanation {
  const known = Object.hasOwn(explanations, answer.__typename) ? explanations[answer.__typename] : undefined;
  return (
    known?.(answer, target, who) ??
    unknown(
      'An answer that this console doesn’t know',
      `The gateway answered ${answer.__typename}. ${answer.message ?? ''}`,
    )
  );
}

/** What it means that a removal was not answered at all: once it was sent, it may have happened. */
export function explainFailure(failure: unknown, wasDryRun: boolean): Explanation {
  const { message } = failure instanceof Failure ? failure : new Failure('UNREADABLE', 'Something broke in this page.');
  return wasDryRun
    ? unchanged('The preview could not be had', message)
    : unknown(
        'The answer didn’t arrive',
        `${message} Look at the access map, or ask again: the same removal twice is safe.`,
      );
}
