import { Failure } from './client.js';
import type { OtherAnswer, Target } from './removal.js';

/** An answer that is no success, for a person. */
export interface Explanation {
  readonly title: string;
  readonly detail: string;
  /**
   * UNCHANGED: nothing was taken away, or would be. UNKNOWN: it may have been, and nobody here can tell; of a preview:
   * what would happen.
   */
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
  PaymentRequiredError: ({ feature, message = '' }) =>
    unchanged('The plan doesn’t allow this', feature ? `It lacks the feature ${feature}.` : message),
  ForbiddenError: ({ requires = '' }) => unchanged('You may not do this', `It needs: ${requires}`),
  NotFoundError: ({ message = '' }) => unchanged('It was not found', message),
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
  // It may be an earlier request for the same, whose outcome is not known yet.
  ConflictError: ({ message = '' }) => unknown('This conflicts with something else', message),
  RateLimitedError: ({ message = '' }) => unchanged('Too many requests', `Nothing was done. ${message}`),
  UpstreamError: ({ system = 'The system behind the gateway', outcomeUnknown, code = '' }) =>
    outcomeUnknown
      ? unknown(
          `${system} may or may not have done it`,
          `It was asked, and the answer didn’t come (${code}). The record stays PENDING until that is known.`,
        )
      : unchanged(`${system} didn’t do it`, `It refused, or couldn’t be reached (${code}). Nothing was taken away.`),
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

/** What it means that a removal was not answered at all: once it was sent, it may have happened. A preview tells nothing. */
export function explainFailure(failure: unknown, wasDryRun: boolean): Explanation {
  const { message } = failure instanceof Failure ? failure : new Failure('UNREADABLE', 'Something broke in this page.');
  return wasDryRun
    ? unknown('The preview could not be had', message)
    : unknown(
        'The answer didn’t arrive',
        `${message} Look at the access map, or ask again: the same removal twice is safe.`,
      );
}
