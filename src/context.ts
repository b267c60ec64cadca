import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import type { Principal } from './auth/principal.js';
import type { Batches } from './batching.js';
import type { Database } from './database/database.js';
import type { AccessError, ErrorCode, InvalidInputError } from './errors.js';

/** What the HTTP plugins know of a request before its document is looked at. */
export interface RequestFacts {
  /** On every log line of the request and in X-Trace-Id: 32 hexadecimal digits. */
  readonly traceId: string;
  /** Null where the request carried no credential, or a wrong one. */
  readonly principal: Principal | null;
  /** Why there is no principal; null where there is one, and where there was no credential. */
  readonly authenticationError: AccessError | null;
}

/** The server context that Yoga's plugins share; `req` is there when the request came through a socket. */
export type ServerContext = Partial<{ -readonly [Fact in keyof RequestFacts]: RequestFacts[Fact] }> & {
  readonly req?: IncomingMessage;
};

/** How a mutation field ended: done, not done because it was only tried, or the code of what it answered or recorded. */
export type MutationOutcome = ErrorCode | 'DONE' | 'DRY_RUN';

/** What one request carries to every resolver. */
export interface Context extends RequestFacts {
  /** What is wrong with the pages that the operation asks for; answered by the fields whose rule lets the caller in. */
  readonly pageError: InvalidInputError | null;
  readonly database: Database;
  /** Gathers the look-ups of the fields of a list into one statement. */
  readonly batches: Batches;
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
