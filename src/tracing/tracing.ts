import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Database } from '../database/database.js';

type RequestListener = (request: IncomingMessage, response: ServerResponse) => unknown;

/** A call of another system while it is under way. */
export interface CallSpan {
  /** What the other system is told in `traceparent`, so that its own spans go on from this one. */
  readonly traceparent: string;
  /** `outcome` is of a closed set. */
  end(outcome: { readonly attempts: number; readonly result: string; readonly failed: boolean }): void;
}

/**
 * Tells a collector what a gateway does and how long that takes: a span for each request, and below it one for each call
 * of the database and of another system. Their trace id is that of the log. Nothing in a span is a caller's own text.
 */
export interface Tracing {
  /** Makes a span of every request, but of those that ask for the gateway's health or metrics. */
  traceRequests(listener: RequestListener): RequestListener;
  /** Names the span of the request that is under way after what it executes. */
  noteOperation(kind: string, rootFields: readonly string[]): void;
  /** Takes down how a mutation field of the request that is under way has ended: of a closed set. */
  noteOutcome(mutation: string, outcome: string): void;
  /** The same database; what is asked of it on behalf of a request is a span. */
  traceDatabase(database: Database): Database;
  startCall(call: { readonly system: string; readonly method: string; readonly traceId: string }): CallSpan;
  /** Sends what is left, for three seconds at most. */
  close(): Promise<void>;
}

/** Where spans go. */
export interface TracingSettings {
  /** The base address of a collector that takes OTLP over HTTP. */
  readonly endpoint: string;
  readonly serviceName: string;
}
