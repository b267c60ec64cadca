import type { CredentialHeaders } from './credential.js';

/** What a question that was not answered with data came to. `code` is the gateway's, or NETWORK or UNREADABLE. */
export class Failure extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly traceId: string | null = null,
  ) {
    super(message);
    this.name = 'Failure';
  }
}

type Variables = Readonly<Record<string, unknown>>;

/** Asks the graph with one caller's credential, which it alone holds. */
export interface Client {
  /** Resolves to the data. Rejects with {@link Failure}, or AbortError where `signal` was used. */
  ask<Data>(document: string, variables?: Variables, signal?: AbortSignal): Promise<Data>;
}

// Relative, so that a proxy may put the gateway below a path of its own.
const endpoint = 'graphql';

/** `onUnauthenticated` hears of every query that was refused for its credential. */
export function createClient(headers: CredentialHeaders, onUnauthenticated: (failure: Failure) => void): Client {
  return {
    async ask<Data>(document: string, variables: Variables = {}, signal?: AbortSignal) {
      try {
        return readAnswer<Data>(await send(headers, { query: document, variables }, signal));
      } catch (error) {
        if (error instanceof Failure && error.code === 'UNAUTHENTICATED') {
          onUnauthenticated(error);
        }
        throw error;
      }
    },
  };
}

interface AnswerError {
  readonly message?: string;
  readonly extensions?: { readonly code?: string; readonly traceId?: string };
}

/** Longer than the gateway takes for anything: who waits for one that hangs has to be told, and let go. */
const patienceMs = 60_000;

async function send(headers: CredentialHeaders, body: object, signal?: AbortSignal): Promise<unknown> {
  const either = new AbortController();
  const timer = setTimeout(() => either.abort(new DOMException('No answer in time.', 'TimeoutError')), patienceMs);
  // Not by AbortSignal.any, which browsers of 2023 don't have.
  signal?.addEventListener('abort', () => either.abort(signal.reason), { once: true });
  return exchange(headers, body, either.signal).finally(() => clearTimeout(timer));
}

async function exchange(headers: CredentialHeaders, body: object, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json', Accept: 'application/graphql-response+json' },
    body: JSON.stringify(body),
    // Nothing but the typed credential: a second one, such as the Basic one that opened this page, would be refused.
    credentials: 'omit',
    cache: 'no-store',
    redirect: 'error',
    signal,
  }).catch(rethrowAs('NETWORK', 'The gateway could not be reached.'));
  return response
    .text()
    .then((text) => JSON.parse(text, unturned))
    .catch(rethrowAs('UNREADABLE', `The answer could not be read (status ${response.status}).`));
}

// A name with one of these would turn around the words beside it, in "Remove … from …?" too. None is ever sent back.
const turningCharacters = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const unturned = (_key: string, value: unknown) =>
  typeof value === 'string' ? value.replace(turningCharacters, '\ufffd') : value;

function rethrowAs(code: string, message: string) {
  return (error: unknown): never => {
    throw isAbort(error) ? error : new Failure(code, message);
  };
}

// Whatever a proxy answers in the gateway's place may be JSON of any shape.
function readAnswer<Data>(answer: unknown): Data {
  const { data, errors } = Object(answer) as { readonly data?: unknown; readonly errors?: unknown };
  const [error] = (Array.isArray(errors) ? errors : []) as readonly (AnswerError | null | undefined)[];
  if (error || !data) {
    const { code = 'UNREADABLE', traceId = null } = error?.extensions ?? {};
    throw new Failure(code, error?.message ?? 'The answer holds no data.', traceId);
  }
  return data as Data;
}

export const isAbort = (error: unknown) => error instanceof DOMException && error.name === 'AbortError';
