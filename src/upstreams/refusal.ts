import {
  type AccessError,
  ConflictError,
  NotFoundError,
  PaymentRequiredError,
  RateLimitedError,
  type ResourceType,
  type UpstreamCode,
  UpstreamError,
} from '../errors.js';
import type { Connector, RefusalCode, UpstreamOutcome } from './connector.js';

/** How the caller named what a call is about. */
export interface CallNames {
  readonly user: string;
  readonly target: string;
  readonly targetType: Extract<ResourceType, 'PROJECT' | 'ROLE'> | null;
}

/** A call that didn't do what was asked for, or of which that isn't known. */
export interface FailedCall<Record> {
  readonly system: Connector['system'];
  readonly action: 'REMOVE' | 'GRANT';
  /** Of this attempt. Another one may have settled the call otherwise. */
  readonly outcome: UpstreamOutcome;
  /** Its record, which says whether it is PENDING or REFUSED. */
  readonly record: Record & { readonly state: string };
  readonly names: CallNames;
}

/**
 * What the caller is told of a call that failed. Whether an outcome is unknown is for its record to say: another attempt
 * may have settled it otherwise than this one would have.
 */
export function toCallError<Record>({ system, action, outcome, record, names }: FailedCall<Record>): AccessError {
  const upstreamTraceId = outcome.upstreamTraceId;
  const status = outcome.kind === 'REFUSED' ? outcome.status : null;
  const upstreamError = (code: UpstreamCode, outcomeUnknown: boolean) =>
    new UpstreamError(code, system, {
      ...(action === 'REMOVE' ? { revocation: record, grant: null } : { revocation: null, grant: record }),
      ...{ outcomeUnknown, upstreamTraceId, status },
    });
  if (record.state === 'PENDING' || outcome.kind !== 'REFUSED') {
    return upstreamError(
      outcome.kind === 'UNKNOWN' ? outcome.code : 'UPSTREAM_UNAVAILABLE',
      record.state === 'PENDING',
    );
  }
  const others: { readonly [Code in Exclude<RefusalCode, UpstreamCode>]: () => AccessError } = {
    PAYMENT_REQUIRED: () =>
      new PaymentRequiredError(null, `The plan at ${system} does not include this, or a quota there is used up.`),
    NOT_FOUND: () => toNotFound(system, outcome.resourceType, names),
    CONFLICT: () => new ConflictError(`${system} answers that the request conflicts with the state of its target.`),
    RATE_LIMITED: () =>
      new RateLimitedError(outcome.retryAfterSeconds ?? 1, `${system} takes no more requests for now.`),
  };
  return isUpstreamCode(outcome.code) ? upstreamError(outcome.code, false) : others[outcome.code]();
}

const isUpstreamCode = (code: RefusalCode): code is Extract<RefusalCode, UpstreamCode> => code.startsWith('UPSTREAM_');

// Where the answer doesn't tell what is missing, it is what the call was about: but the message claims no such thing.
function toNotFound(
  system: Connector['system'],
  missing: ResourceType | null,
  { user, target, targetType }: CallNames,
): NotFoundError {
  const type = missing ?? targetType ?? 'USER';
  const id = type === 'USER' ? user : target;
  const what = missing ? `${type.toLowerCase()} ${id}` : 'what was asked for, and does not say which part of it';
  return new NotFoundError(type, id, `${system} cannot find ${what}.`);
}
