import type { IncomingMessage } from 'node:http';
import type { ExecutionResult, OperationTypeNode } from 'graphql';
import type { Logger } from 'pino';
import type { Authentication } from './auth/authenticate.js';
import type { Principal } from './auth/principal.js';
import type { Batches } from './batching.js';
import type { Database } from './database/database.js';
import type { Reads } from './database/reads.js';
import type { AccessError, ErrorCode, InvalidInputError } from './errors.js';
import type { OffboardingEvents } from './offboarding-events.js';
import type { OpenStream } from './streams.js';
import type { Upstreams } from './upstreams/connector.js';

/** What the HTTP plugins know of a request before its document is looked at. */
export interface RequestFacts {
  /** On every log line of the request and in X-Trace-Id: 32 hexadecimal digits. */
  readonly traceId: string;
  /** Null where the request carried no credential, or a wrong one. */
  readonly principal: Principal | null;
  /** Why there is no principal; null where there is one, and where there was no credential. */
  readonly authenticationError: AccessError | null;
}

/** What the log and the metrics tell of an operation. Nothing in it is a caller's own text. */
export interface OperationFacts {
  readonly kind: `${OperationTypeNode}`;
  /** The fields of the schema that the document asks for at its root, each once. */
  readonly rootFields: readonly string[];
}

/** The server context that Yoga's plugins share; `req` is there when the request came through a socket. */
export type ServerContext = Partial<{ -readonly [Fact in keyof RequestFacts]: RequestFacts[Fact] }> & {
  readonly req?: IncomingMessage;
  /** Checks the request's credential as it is good now. Never rejects. */
  authenticateAgain?: () => Promise<Authentication>;
  /** The body, where it was read already; and the result, where there is one. See http/direct-way.ts. */
  body?: Uint8Array;
  result?: ExecutionResult;
  /** When the request came in, by the clock of `performance`. Milliseconds. */
  startedAt?: number;
  /** Null where it never came to an operation that fits the schema. */
  operation?: OperationFacts | null;
};

/** How a mutation field ended: done, not done because it was only tried, or the code of what it answered or recorded. */
export type MutationOutcome = ErrorCode | 'DONE' | 'DRY_RUN';

/** What one request carries to every resolver. */
export interface Context extends RequestFacts {
  /** What is wrong with the pages that the operation asks for; answered by the fields whose rule lets the caller in. */
  readonly pageError: InvalidInputError | null;
  readonly database: Database;
  /** The systems that own assignments. */
  readonly upstreams: Pick<Upstreams, 'find'>;
  readonly offboardings: {
    readonly events: OffboardingEvents;
    /** There is something to do for the workers, and to see for those who follow. */
    begun(id: string): void;
  };
  /** Opens a stream of events to the caller, who is told apart from others by a text. */
  openStream(caller: string): OpenStream;
  /** Does something that waits for another system: meanwhile the request takes nothing of the gateway from others. */
  whileAside<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Who is calling by what the request's credential is good for now; throws where it isn't any more. */
  authenticateAgain(): Promise<Principal>;
  /** Gathers the look-ups of the fields of a list into one statement. */
  readonly batches: Batches;
  /** Sends what the fields of a level ask for as one statement. */
  readonly reads: Reads;
  readonly log: Logger;
  readonly clock: () => Date;
  /** One instant for all lists of the request, so that they are the same list. */
  readonly requestedAt: Date;
  readonly sessionTtlSeconds: number;
  /** Whether the caller may ask for the schema. */
  readonly isSchemaOpen: boolean;
  /** Takes one from the caller's allowance; throws RateLimitedError when it is used up. */
  readonly consumeRateLimit: () => Promise<void>;
  /** Told how each mutation field ended: the log line and the metrics of removals. */
  readonly onMutationSettled: (mutation: string, outcome: MutationOutcome) => void;
}
