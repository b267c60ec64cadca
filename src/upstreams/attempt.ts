import { type Agent, type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { type Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { Socket } from 'node:net';
import { readJson } from './response-body.js';

/** One request, ready to be sent. */
export interface Attempt {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly address: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly agent: Agent | HttpsAgent;
  /** The end of the call's time. */
  readonly signal: AbortSignal;
}

/** What became of a request. */
export type AttemptResult =
  | {
      readonly kind: 'ANSWERED';
      readonly status: number;
      /** The JSON of the body; undefined where there was none, or it wasn't readable as JSON within the limits. */
      readonly body: unknown;
      readonly retryAfter: string | null;
    }
  /** Certainly not sent. UNREACHABLE: no connection came about. UNTRUSTED: TLS failed. */
  | { readonly kind: 'NOT_SENT'; readonly reason: 'UNREACHABLE' | 'UNTRUSTED' | 'TIMEOUT' }
  /** Sent, perhaps in part, and no answer that could be read: it may have been carried out. */
  | { readonly kind: 'LOST'; readonly reason: 'TIMEOUT' | 'CONNECTION' | 'MALFORMED' };

/** What is read of an answer's head: more headers than that are left out, more bytes end the connection. */
const largestHead = { maxHeaderSize: 16 * 1024 } as const;
const mostHeaders = 100;

/** Sends one request, once. Follows no redirect, and never rejects. */
export function attempt({ method, address, headers, body, agent, signal }: Attempt): Promise<AttemptResult> {
  if (signal.aborted) {
    return Promise.resolve({ kind: 'NOT_SENT', reason: 'TIMEOUT' });
  }
  const send = address.protocol === 'https:' ? requestHttps : requestHttp;
  const outgoing = send(address, { ...largestHead, method, headers, agent, signal });
  outgoing.maxHeadersCount = mostHeaders;
  const isSent = watchSending(outgoing);
  const result = new Promise<AttemptResult>((resolve) => {
    outgoing.once('response', (response) => resolve(toAnswer(response)));
    outgoing.once('upgrade', (_response, socket) => {
      socket.destroy();
      resolve({ kind: 'LOST', reason: 'MALFORMED' });
    });
    // Stays on: a connection can fail once more after the first failure, and a failure nobody hears ends the process.
    outgoing.on('error', (error) => resolve(toFailure(error, isSent(), signal.aborted)));
  });
  outgoing.end(body ?? undefined);
  return result;
}

/** Whether anything can have left for the upstream: node writes nothing before the connection (and TLS) is there. */
function watchSending(outgoing: ClientRequest): () => boolean {
  let sent = false;
  outgoing.once('socket', (socket) => {
    if (!isConnecting(socket)) {
      sent = true;
      return;
    }
    socket.once(isEncrypted(socket) ? 'secureConnect' : 'connect', () => {
      sent = true;
    });
  });
  return () => sent;
}

const isEncrypted = (socket: Socket) => 'encrypted' in socket;
// A socket that was used before is neither. node says of TLS what its types leave out.
const isConnecting = (socket: Socket & { readonly secureConnecting?: boolean }) =>
  socket.connecting || socket.secureConnecting === true;

async function toAnswer(response: IncomingMessage): Promise<AttemptResult> {
  const body = await readJson(response);
  const retryAfter = response.headers['retry-after'] ?? null;
  return { kind: 'ANSWERED', status: response.statusCode ?? 0, body, retryAfter };
}

function toFailure(error: Error, isSent: boolean, isLate: boolean): AttemptResult {
  const code = 'code' in error ? String(error.code) : '';
  if (isSent) {
    return { kind: 'LOST', reason: isLate ? 'TIMEOUT' : code.startsWith('HPE_') ? 'MALFORMED' : 'CONNECTION' };
  }
  return { kind: 'NOT_SENT', reason: isLate ? 'TIMEOUT' : isOfTheNetwork(code) ? 'UNREACHABLE' : 'UNTRUSTED' };
}

// What the system says of a connection or a name that it can't find; the rest comes from TLS, in many spellings.
const isOfTheNetwork = (code: string) => /^E[A-Z0-9]+(_[A-Z]+)?$/.test(code) && !/^(EPROTO|ERR_)/.test(code);
