import { type IncomingMessage, request } from 'node:http';
import type { Headers } from './gateway.js';

/** What one event of a subscription holds. */
export interface SeenResult {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions: Readonly<Record<string, unknown>> }[];
}

/** A subscription that is open over a socket. */
export interface Subscription {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** The next result; null where the stream has ended. */
  next(): Promise<SeenResult | null>;
  /** All results from now on until the stream ends. */
  rest(): Promise<SeenResult[]>;
  /** Stops reading, as a slow client does. */
  pause(): void;
  resume(): void;
  /** Breaks the connection. */
  hangUp(): void;
}

/** Subscribes as a client does: POST, answered by server-sent events. */
export function subscribe(url: string, query: string, variables: object, headers: Headers): Promise<Subscription> {
  const sent = { Accept: 'text/event-stream', 'Content-Type': 'application/json', ...headers };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', headers: sent, agent: false }, (response) =>
      resolve(toSubscription(response)),
    );
    outgoing.once('error', reject);
    outgoing.end(JSON.stringify({ query, variables }));
  });
}

function toSubscription(response: IncomingMessage): Subscription {
  const results = read(response);
  const next = async () => {
    const { value, done } = await results.next();
    return done ? null : value;
  };
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    next,
    rest: async () => {
      const all: SeenResult[] = [];
      for (let one = await next(); one; one = await next()) {
        all.push(one);
      }
      return all;
    },
    pause: () => response.pause(),
    resume: () => response.resume(),
    hangUp: () => response.destroy(),
  };
}

async function* read(response: IncomingMessage): AsyncGenerator<SeenResult, undefined> {
  let text = '';
  try {
    for await (const chunk of response) {
      text += String(chunk);
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        if (event.startsWith('event: next\n')) {
          yield JSON.parse(event.slice(event.indexOf('data: ') + 'data: '.length)) as SeenResult;
        } else if (event.startsWith('event: complete')) {
          return;
        }
      }
    }
  } catch {
    // The connection broke.
  }
}
