import type { ErrorCode, UpstreamSystem } from '../errors.js';
import type { GlobalRole } from '../generated/prisma/enums.js';

/** A refusal of an upstream, or of the gateway before anything was sent: what was asked for was certainly not done. */
export type RefusalCode = Extract<
  ErrorCode,
  | 'UPSTREAM_REJECTED'
  | 'UPSTREAM_NOT_SUPPORTED'
  | 'UPSTREAM_UNAVAILABLE'
  | 'PAYMENT_REQUIRED'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'RATE_LIMITED'
>;

/** Why it isn't known whether the upstream did what was asked for. */
export type UnknownCode = Extract<ErrorCode, 'UPSTREAM_TIMEOUT' | 'UPSTREAM_UNAVAILABLE' | 'UPSTREAM_INVALID_RESPONSE'>;

/** Which of the ids of a call the upstream doesn't know; null where its answer doesn't tell. */
export type MissingResource = 'USER' | 'PROJECT' | 'ROLE' | null;

/** How a call ended. `upstreamTraceId` is the upstream's own correlation id, for its support. */
export type UpstreamOutcome =
  | {
      /** ALREADY_GONE: a removal of what wasn't assigned. ALREADY_THERE: a grant of what was. */
      readonly kind: 'DONE' | 'ALREADY_GONE' | 'ALREADY_THERE';
      readonly upstreamTraceId: string | null;
    }
  | {
      readonly kind: 'REFUSED';
      readonly code: RefusalCode;
      /** What it answered; null where nothing was sent or no connection came about. */
      readonly status: number | null;
      readonly resourceType: MissingResource;
      /**
       * Whether it is the system's own word on what was asked for, by which an earlier attempt at the same wasn't carried
       * out either. A credential, a limit, a plan, a conflict or the page of a proxy says nothing of what went before.
       */
      readonly isVerdict: boolean;
      /** When to ask again; null where the upstream didn't say. */
      readonly retryAfterSeconds: number | null;
      readonly upstreamTraceId: string | null;
    }
  | { readonly kind: 'UNKNOWN'; readonly code: UnknownCode; readonly upstreamTraceId: string | null };

/** A removal or a grant, in the upstream's own ids. */
export interface UpstreamCall {
  readonly userId: string;
  /** The id of the project or role, or the global role as the REST API spells it. */
  readonly targetId: string;
  /** For a grant of a project: the role in it. */
  readonly projectRole?: string;
}

export interface CallOptions {
  /** 32 hexadecimal digits; sent to the upstream in `traceparent`. */
  readonly traceId: string;
  /** How long the call may take in all, retries included; 5 seconds unless given. */
  readonly deadlineMs?: number;
}

/** What a check of an upstream found out. */
export interface UpstreamCheck {
  readonly reachable: boolean;
  readonly credential: 'ACCEPTED' | 'REFUSED' | 'UNKNOWN';
  /** For people: what was found, and what a check can't find out. */
  readonly note: string;
}

/** One upstream of one organization. Its calls never throw: whatever happens is an outcome. */
export interface Connector {
  readonly system: UpstreamSystem;
  /** What a user's id must look like there. Anchored, and understood alike by JavaScript (flag `u`) and PostgreSQL (`~`). */
  readonly userPattern: string;
  /** The same for the id of a project or role, or a global role. */
  readonly targetPattern: string;
  /** Whether a name in capitals is the same there. It is sent, and looked for in the directory, in small letters then. */
  readonly ignoresCase: boolean;
  /** How it names the global roles; empty where it has none. */
  readonly targetNames: Readonly<Partial<Record<GlobalRole, string>>>;
  remove(call: UpstreamCall, options: CallOptions): Promise<UpstreamOutcome>;
  grant(call: UpstreamCall, options: CallOptions): Promise<UpstreamOutcome>;
  /** Asks for something that changes nothing. */
  check(): Promise<UpstreamCheck>;
}

/** CLOSED: calls go through. OPEN: they are refused unsent. HALF_OPEN: the next one, or the one under way, decides. */
export type BreakerState = 'CLOSED' | 'HALF_OPEN' | 'OPEN';

export interface UpstreamState {
  readonly organizationId: string;
  readonly system: UpstreamSystem;
  readonly breaker: BreakerState;
}

/** The upstreams of all organizations, as the settings name them. */
export interface Upstreams {
  /** The upstream that an organization has of this system, and never another organization's. */
  find(organizationId: string, system: UpstreamSystem): Connector | null;
  all(): readonly { readonly organizationId: string; readonly connector: Connector }[];
  state(): readonly UpstreamState[];
  /** Closes idle connections. Calls that are under way end as they would. */
  close(): Promise<void>;
}
