import { type AccessError, ConflictError, ForbiddenError, NotFoundError, type UpstreamSystem } from './errors.js';
import { malformedNames } from './removal-errors.js';

/** Why a database function refused to give something. `CONFLICT_…` says what it conflicts with. */
export type GrantRefusal =
  | 'FORBIDDEN'
  | 'MALFORMED_TARGET'
  | 'MALFORMED_USER'
  | 'USER_NOT_FOUND'
  | 'PROJECT_NOT_FOUND'
  | 'ROLE_NOT_FOUND'
  | 'REVOCATION_NOT_FOUND'
  | 'CONFLICT'
  | 'CONFLICT_INACTIVE'
  | 'CONFLICT_ASSIGNED'
  | 'CONFLICT_NOT_DONE'
  | 'CONFLICT_UNKNOWN'
  | 'CONFLICT_CHANGED';

/** What a refusal is about, as the caller named it. */
export interface RefusedGrant {
  readonly requires: string;
  readonly names: { readonly user: string; readonly target: string };
  /** Where these names stand in the arguments. */
  readonly paths: { readonly user: readonly string[]; readonly target: readonly string[] };
}

/** The error that a refusal means to the caller. `system` owns the assignment; null where the directory does. */
export function toGrantError(
  refusal: GrantRefusal,
  { requires, names, paths }: RefusedGrant,
  system: UpstreamSystem | null,
): AccessError {
  const errors: Record<GrantRefusal, () => AccessError> = {
    ...malformedNames(system, paths),
    FORBIDDEN: () => new ForbiddenError(requires),
    USER_NOT_FOUND: () => new NotFoundError('USER', names.user),
    PROJECT_NOT_FOUND: () => new NotFoundError('PROJECT', names.target),
    ROLE_NOT_FOUND: () => new NotFoundError('ROLE', names.target),
    REVOCATION_NOT_FOUND: () => new NotFoundError('REVOCATION', names.target),
    CONFLICT: () => new ConflictError('The same is being taken away or given already, and how that ends is not known.'),
    CONFLICT_INACTIVE: () => new ConflictError('The user is not active, and nothing is given to such a user.'),
    CONFLICT_ASSIGNED: () => new ConflictError('The user has it already.'),
    CONFLICT_NOT_DONE: () => new ConflictError('The removal is not done: there is nothing to restore.'),
    CONFLICT_UNKNOWN: () => new ConflictError('The directory does not know exactly what the removal took.'),
    CONFLICT_CHANGED: () => new ConflictError('What the removal took was given or taken again since.'),
  };
  return errors[refusal]();
}

/** The system had it already: not by this grant, so nobody has said with which role. */
export const alreadyThere = (system: UpstreamSystem) =>
  new ConflictError(`${system} has the user in the project already, and does not say with which role.`);

/** The user was off-boarded while the system was asked. */
export const superseded = () =>
  new ConflictError('The user was off-boarded meanwhile: what the system may have given is taken away again.');
