import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { ExponentialBackoff } from 'cockatiel';
import type { Tracing } from '../tracing/tracing.js';
import { toAddress } from './address.js';
import { type Attempt, type AttemptResult, attempt } from './attempt.js';
import { type Breaker, createBreaker } from './breaker.js';
import type { BreakerState, CallOptions } from './connector.js';
import { toSeconds } from './retry-after.js';
import { RetryBudget } from './retry-budget.js';

/** One call, as a connector describes it. */
export interface UpstreamRequest {
  readonly method: Attempt['method'];
  /** The path below the upstream's base; each is encoded. */
  readonly segments: readonly string[];
  /** Sent as JSON. */
  readonly body?: Readonly<Record<string, string>>;
}

/** How a call ended, over all its attempts. */
export interface Exchange {
  /** UNSAFE: the address was not what was meant. BREAKER: the upstream is left alone for now. Neither was sent. */
  readonly result: AttemptResult | { readonly kind: 'NOT_SENT'; readonly reason: 'UNSAFE' | 'BREAKER' };
  readonly attempts: number;
}

export interface UpstreamHttpParts {
  /** The upstream's base. */
  readonly url: string;
  /** The gateway's own credential there. */
  readonly headers: Readonly<Record<string, string>>;
  readonly onBreakerChange: (state: BreakerState) => void;
  /** What spans call it. */
  readonly system?: string;
  readonly tracing?: Pick<Tracing, 'startCall'> | null;
}

/** The way to one upstream. */
export interface UpstreamHttp {
  /**
   * Makes a call within its deadline, and again where the attempt was certainly not carried out (no connection, 503), as
   * far as the deadline, the budget and the breaker allow. Never rejects for what an upstream does.
   */
  exchange(request: UpstreamRequest, options: CallOptions): Promise<Exchange>;
  breakerState(): BreakerState;
  close(): void;
}

const defaultDeadlineMs = 5_000;
const mostAttempts = 4;
const backoff = new ExponentialBackoff({ initialDelay: 100, maxDelay: 1_000 });
// Connections stay open for the next call, for less than servers keep them (5 s and more): one that the server closes
// while we write would leave the outcome unknown.
const connections = { keepAlive: true, timeout: 3_000, maxSockets: 16, maxFreeSockets: 4 } as const;

export function createUpstreamHttp(parts: UpstreamHttpParts): UpstreamHttp {
  const { url, headers, onBreakerChange, system = '', tracing = null } = parts;
  const agent = new URL(url).protocol === 'https:' ? new HttpsAgent(connections) : new Agent(connections);
  const breaker = createBreaker(onBreakerChange);
  const budget = new RetryBudget();
  return {
    async exchange({ method, segments, body }, { traceId, deadlineMs = defaultDeadlineMs }) {
      const address = toAddress(url, segments);
      if (!address) {
        return { result: { kind: 'NOT_SENT', reason: 'UNSAFE' }, attempts: 0 };
      }
      if (deadlineMs <= 0) {
        return { result: { kind: 'NOT_SENT', reason: 'TIMEOUT' }, attempts: 0 };
      }
      const text = body ? JSON.stringify(body) : null;
      const end = performance.now() + deadlineMs;
      const signal = AbortSignal.timeout(deadlineMs);
      const span = tracing?.startCall({ system, method, traceId }) ?? null;
      const all = { ...toHeaders(text, span?.traceparent ?? newTraceparent(traceId)), ...headers };
      budget.earn();
      const makeAttempt = () => attempt({ method, address, headers: all, body: text, agent, signal });
      const exchange = await repeat(makeAttempt, breaker, budget, end).catch((error: unknown) => {
        span?.end({ attempts: 1, result: 'BROKEN', failed: true });
        throw error;
      });
      span?.end(describe(exchange));
      return exchange;
    },
    breakerState: breaker.state,
    // Only idle ones: whoever waits for an answer still wants to know it.
    close: () => {
      for (const socket of Object.values(agent.freeSockets).flat()) {
        socket?.destroy();
      }
    },
  };
}

/** What a span tells of a call: an upstream's status, or why there is none. */
const describe = ({ result, attempts }: Exchange) => ({
  attempts,
  result: result.kind === 'ANSWERED' ? String(result.status) : `${result.kind} ${result.reason}`,
  failed: result.kind !== 'ANSWERED' || result.status >= 500,
});

const newTraceparent = (traceId: string) => `00-${traceId}-${randomBytes(8).toString('hex')}-01`;

// Only what is listed here and the gateway's own credential leaves for an upstream: nothing of the caller's request.
const toHeaders = (body: string | null, traceparent: string): Record<string, string> => ({
  Accept: 'application/json',
  'Accept-Encoding': 'identity',
  'User-Agent': 'divest',
  traceparent,
  ...(body !== null && { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body)) }),
});

async function repeat(
  makeAttempt: () => Promise<AttemptResult>,
  breaker: Breaker,
  budget: RetryBudget,
  end: number,
): Promise<Exchange> {
  let delay = backoff.next();
  for (let attempts = 1; ; attempts++) {
    const result = await breaker.run(makeAttempt);
    if (!result) {
      return { result: { kind: 'NOT_SENT', reason: 'BREAKER' }, attempts: attempts - 1 };
    }
    const waitMs = Math.max(delay.duration, retryAfterMs(result));
    const fits = performance.now() + waitMs < end;
    if (!isWorthRepeating(result) || attempts === mostAttempts || !fits || !budget.spend()) {
      return { result, attempts };
    }
    await sleep(waitMs);
    delay = delay.next(undefined);
  }
}

/** Whether an attempt was certainly not carried out, and may be the next time. A certificate won't get better. */
const isWorthRepeating = (result: AttemptResult) =>
  result.kind === 'ANSWERED' ? result.status === 503 : result.kind === 'NOT_SENT' && result.reason === 'UNREACHABLE';

const retryAfterMs = (result: AttemptResult) =>
  result.kind === 'ANSWERED' ? (toSeconds(result.retryAfter, Date.now()) ?? 0) * 1000 : 0;
