import type { Feature } from './generated/prisma/enums.js';

/**
 * Every code that an error of this gateway carries, with the status of the REST operation in the same case and
 * whether asking again unchanged can help. The only list of codes: the schema, the error reference and the
 * clients' types follow it.
 */
export const errorCodes = {
  INVALID_INPUT: { httpStatus: 400, retryable: false },
  UNAUTHENTICATED: { httpStatus: 401, retryable: false },
  PAYMENT_REQUIRED: { httpStatus: 402, retryable: false },
  FORBIDDEN: { httpStatus: 403, retryable: false },
  NOT_FOUND: { httpStatus: 404, retryable: false },
  /** 400 for a project, 404 for a role or a global role: the documents differ. */
  NOT_ASSIGNED: { httpStatus: 404, retryable: false },
  LAST_PROJECT: { httpStatus: 400, retryable: false },
  LAST_ADMINISTRATOR: { httpStatus: 409, retryable: false },
  NO_ACCESS: { httpStatus: 403, retryable: false },
  CONFLICT: { httpStatus: 409, retryable: false },
  RATE_LIMITED: { httpStatus: 429, retryable: true },
  UPSTREAM_REJECTED: { httpStatus: 502, retryable: false },
  UPSTREAM_UNAVAILABLE: { httpStatus: 503, retryable: true },
  UPSTREAM_TIMEOUT: { httpStatus: 504, retryable: true },
  UPSTREAM_INVALID_RESPONSE: { httpStatus: 502, retryable: true },
  UPSTREAM_NOT_SUPPORTED: { httpStatus: 501, retryable: false },
  UNAVAILABLE: { httpStatus: 503, retryable: true },
  INTERNAL: { httpStatus: 500, retryable: false },
} as const satisfies Record<string, { httpStatus: number; retryable: boolean }>;

export type ErrorCode = keyof typeof errorCodes;
export type UpstreamCode = Extract<ErrorCode, `UPSTREAM_${string}`>;
export type ResourceType = 'USER' | 'PROJECT' | 'ROLE' | 'SESSION' | 'REVOCATION' | 'OFFBOARDING';
export type UpstreamSystem = 'VOUCHERIFY' | 'ENTRYGUARD' | 'COGNIGY';

/** One thing that is wrong with an input: `path` leads to it from the field's arguments. */
export interface InputIssue {
  readonly path: readonly string[];
  readonly message: string;
}

/**
 * An answer that a caller can expect and a client can match: the members of the result unions. Its message goes to
 * the caller as it is, so it never holds a secret, a query, a host or a stack.
 */
export abstract class AccessError extends Error {
  readonly code: ErrorCode;
  readonly httpStatus: number;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string) {
    // An answer, not a failure: nobody looks for where it comes from, and finding that out is half of what one costs.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
    this.name = new.target.name;
    this.code = code;
    this.httpStatus = errorCodes[code].httpStatus;
    this.retryable = errorCodes[code].retryable;
  }
}

/** The input is malformed. Nothing was looked up, changed or recorded. */
export class InvalidInputError extends AccessError {
  constructor(readonly issues: readonly InputIssue[]) {
    super('INVALID_INPUT', issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  }
}

/** No credential, a wrong one, or more than one. The message doesn't tell which part was wrong. */
export class UnauthenticatedError extends AccessError {
  constructor(message = 'The credential is missing or not valid.') {
    super('UNAUTHENTICATED', message);
  }
}

/** The organization's plan lacks a feature; `feature` is null where an upstream says so, or that a quota is used up. */
export class PaymentRequiredError extends AccessError {
  constructor(
    readonly feature: Feature | null,
    message = "Your organization's plan does not include a feature that this operation needs.",
  ) {
    super('PAYMENT_REQUIRED', message);
  }
}

/** A good credential of the wrong kind, or with too little authority. `requires` says what is lacking, as a sentence. */
export class ForbiddenError extends AccessError {
  constructor(readonly requires: string) {
    super('FORBIDDEN', 'You may not do this.');
  }
}

const nouns: Record<ResourceType, string> = {
  ...{ USER: 'user', PROJECT: 'project', ROLE: 'role', SESSION: 'session' },
  ...{ REVOCATION: 'revocation', OFFBOARDING: 'off-boarding' },
};

/** The organization has no such entry. An entry of another organization is answered exactly like this. */
export class NotFoundError extends AccessError {
  constructor(
    readonly resourceType: ResourceType,
    readonly resourceId: string,
    message = `Cannot find ${nouns[resourceType]} ${resourceId}.`,
  ) {
    super('NOT_FOUND', message);
  }
}

/** The user doesn't have what was to be taken away. The REST operations answer 400 for a project, 404 otherwise. */
export class UserNotAssignedError extends AccessError {
  override readonly httpStatus: number;

  constructor(target: 'project' | 'role' | 'global role') {
    super('NOT_ASSIGNED', `The user is not assigned to the ${target}.`);
    this.httpStatus = target === 'project' ? 400 : errorCodes.NOT_ASSIGNED.httpStatus;
  }
}

/** The project is the only one that the user is assigned to, and a user keeps one. */
export class LastProjectError<Project = unknown> extends AccessError {
  constructor(readonly project: Project) {
    super('LAST_PROJECT', 'The user is assigned to this project only and cannot be unassigned from it.');
  }
}

/** The user is the last active one who holds ADMIN. */
export class LastAdministratorError extends AccessError {
  constructor() {
    super('LAST_ADMINISTRATOR', "The user is the organization's last active administrator.");
  }
}

/** The user has no project and no resource left to start a session for. */
export class NoAccessError extends AccessError {
  constructor() {
    super('NO_ACCESS', 'Nothing is left that a session could be started for.');
  }
}

/** The request conflicts with the state of the target in a way that has no type of its own. */
export class ConflictError extends AccessError {
  constructor(message = 'The request conflicts with the current state.') {
    super('CONFLICT', message);
  }
}

/** Too many requests of this caller: nothing was done or recorded. Or of the gateway, at an upstream: nothing was done. */
export class RateLimitedError extends AccessError {
  constructor(
    readonly retryAfterSeconds: number,
    message = 'Too many requests.',
  ) {
    super('RATE_LIMITED', `${message} Try again in ${retryAfterSeconds} s.`);
  }
}

/** What is known of an upstream's failure. */
export interface UpstreamFacts<Record = unknown> {
  readonly outcomeUnknown: boolean;
  /** The record of a removal; null where nothing was to be taken away. */
  readonly revocation: Record | null;
  /** The record of a grant; null where nothing was to be given. */
  readonly grant: Record | null;
  readonly upstreamTraceId: string | null;
  /** What it answered; null where it answered nothing. */
  readonly status: number | null;
}

/** The statuses that mean the same to the caller. A 401 or 403 is about the gateway's own credential, not the caller's. */
const passedOn: ReadonlySet<number> = new Set([400, 405, 413, 501, 502, 503, 504]);

const describeUpstreamError = (system: UpstreamSystem, outcomeUnknown: boolean) =>
  outcomeUnknown
    ? `Whether ${system} did it is not known yet. The gateway finds out and records it: follow the record.`
    : `The request could not be completed by ${system}.`;

/** The system that owns the assignment refused, could not be reached, or answered what its document doesn't allow. */
export class UpstreamError<Record = unknown> extends AccessError {
  override readonly httpStatus: number;
  /** Where the outcome is unknown, the gateway asks again itself: the caller need not, and is answered CONFLICT. */
  override readonly retryable: boolean;

  constructor(
    code: UpstreamCode,
    readonly system: UpstreamSystem,
    readonly facts: UpstreamFacts<Record>,
  ) {
    super(code, describeUpstreamError(system, facts.outcomeUnknown));
    this.httpStatus = facts.status !== null && passedOn.has(facts.status) ? facts.status : errorCodes[code].httpStatus;
    this.retryable = errorCodes[code].retryable && !facts.outcomeUnknown;
  }
}

/** The gateway or its database can't answer now (UNAVAILABLE), or broke (INTERNAL). */
export class InternalError extends AccessError {
  constructor(code: 'UNAVAILABLE' | 'INTERNAL') {
    super(
      code,
      code === 'UNAVAILABLE'
        ? 'The gateway cannot answer at the moment. Whether the request took effect is not known: ask again.'
        : 'Something broke. The trace id leads to it in the log.',
    );
  }
}
