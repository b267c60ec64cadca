import {
  type AccessError,
  ConflictError,
  type ErrorCode,
  ForbiddenError,
  InvalidInputError,
  LastAdministratorError,
  LastProjectError,
  NotFoundError,
  type UpstreamSystem,
  UserNotAssignedError,
} from './errors.js';
import { type ChangeRequest, namesOf, type Removal, type RemovalRequest } from './removal-request.js';

/**
 * Why a database function refused. `…_NOT_FOUND` names what the organization doesn't have, `MALFORMED_…` what the system
 * that owns the assignment can't know.
 */
export type Refusal =
  | Extract<ErrorCode, 'FORBIDDEN' | 'NOT_ASSIGNED' | 'LAST_PROJECT' | 'LAST_ADMINISTRATOR' | 'CONFLICT'>
  | 'MALFORMED_TARGET'
  | 'MALFORMED_USER'
  | 'USER_NOT_FOUND'
  | 'PROJECT_NOT_FOUND'
  | 'ROLE_NOT_FOUND';

/** The error that a refusal means to the caller. `project` is the one that it was about. */
export function toRemovalError(
  refusal: Refusal,
  removal: Removal,
  request: RemovalRequest,
  project: unknown,
): AccessError {
  const { user, target } = namesOf(request);
  const errors: Record<Refusal, () => AccessError> = {
    FORBIDDEN: () => new ForbiddenError(removal.requires),
    ...malformedNames(removal.system, pathsOf(request)),
    PROJECT_NOT_FOUND: () => new NotFoundError('PROJECT', target),
    ROLE_NOT_FOUND: () => new NotFoundError('ROLE', target),
    USER_NOT_FOUND: () => new NotFoundError('USER', user),
    NOT_ASSIGNED: () => new UserNotAssignedError(removal.noun),
    LAST_PROJECT: () => new LastProjectError(project),
    LAST_ADMINISTRATOR: () => new LastAdministratorError(),
    CONFLICT: () => new ConflictError(`The same is under way already, and ${removal.system} has yet to answer.`),
  };
  return errors[refusal]();
}

/** Where the names of a change stand in its arguments. */
export const pathsOf = ({ user, target }: ChangeRequest) => ({
  target: ['input', Object.keys(target)[0] ?? ''],
  user: ['input', 'user', user.userId === null ? 'login' : 'id'],
});

/** The errors that mean that the system which owns the assignment can't know what was named at these places. */
export function malformedNames(
  system: UpstreamSystem | null,
  paths: { user: readonly string[]; target: readonly string[] },
) {
  const message = `must be an entry of the directory with an external id of ${system}, or such an id`;
  return {
    MALFORMED_TARGET: () => new InvalidInputError([{ path: paths.target, message }]),
    MALFORMED_USER: () => new InvalidInputError([{ path: paths.user, message }]),
  };
}
