import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { UpstreamSystem } from '../../src/errors.js';
import { fakeSystems } from './fake-systems.js';

/** A request as a fake upstream got it. */
export interface SeenRequest {
  readonly method: string;
  /** As it was sent: nothing is decoded or resolved. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** The JSON of the body; undefined where there was none. */
  readonly body: unknown;
}

export interface FakeAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Sent as JSON; a text or a buffer as it is. */
  readonly body?: unknown;
}

/** What a fake upstream keeps: who is assigned to what, and whom and what it has never heard of. */
export interface FakeState {
  /** `<target> <user>`: `proj_1 user_1`, the two UUIDs, or `admin <24 characters>`. */
  readonly assignments: Set<string>;
  /** What a grant said of the role in the project, under the same keys; Voucherify only. */
  readonly projectRoles: Map<string, string>;
  /** Ids that are answered with "not found". */
  readonly missing: Set<string>;
}

/**
 * Answers in place of the fake. `act` does what was asked for, as documented, and returns the documented answer: leave it
 * out, and nothing happened; call it and break the connection, and it happened all the same. Null: the responder answers
 * on `response` itself, or never.
 */
export type Responder = (
  request: SeenRequest,
  act: () => FakeAnswer,
  response: ServerResponse,
) => FakeAnswer | null | Promise<FakeAnswer | null>;

/** An upstream that keeps real state and answers as its document says. */
export interface FakeUpstream extends FakeState {
  readonly system: UpstreamSystem;
  /** To be used as `url` of its section: Cognigy's ends in `/new`, as documented. */
  readonly url: string;
  /** Its section of UPSTREAMS_FILE. */
  readonly section: Readonly<Record<string, string>>;
  /** Every request, in order, whatever was answered. */
  readonly requests: SeenRequest[];
  /** Null: as documented again. */
  respondWith(responder: Responder | null): void;
  close(): Promise<void>;
}

export interface FakeOptions {
  /** 0, unless given: any free port. */
  readonly port?: number;
  /** With it, https. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** State to go on with: of an upstream that was closed. */
  readonly state?: FakeState;
}

/** Starts an upstream on a port of 127.0.0.1. */
export async function startFakeUpstream(system: UpstreamSystem, options: FakeOptions = {}): Promise<FakeUpstream> {
  const { basePath, section, act } = fakeSystems[system];
  const { assignments, projectRoles, missing } = options.state ?? {
    ...{ assignments: new Set<string>(), projectRoles: new Map<string, string>(), missing: new Set<string>() },
  };
  const state: FakeState = { assignments, projectRoles, missing };
  const requests: SeenRequest[] = [];
  let responder: Responder | null = null;

  const listener = async (incoming: IncomingMessage, response: ServerResponse) => {
    const request = await see(incoming);
    requests.push(request);
    const actNow = () => act(request, state);
    const answer = responder ? await responder(request, actNow, response) : actNow();
    if (answer) {
      send(response, answer);
    }
  };
  const handle = (incoming: IncomingMessage, response: ServerResponse) => {
    // A caller who is gone, or a responder that broke the connection.
    listener(incoming, response).catch(() => response.destroy());
  };
  const server = options.tls ? createHttpsServer(options.tls, handle) : createHttpServer(handle);
  // A machine that stalls would find its idle connection closed by both ends at once, and lose a request in it.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}${basePath}`;
  return {
    ...{ system, url, requests, ...state },
    section: { url, ...section },
    respondWith: (next) => {
      responder = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function see(incoming: IncomingMessage): Promise<SeenRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) {
    chunks.push(chunk as Buffer);
  }
  const text = Buffer.concat(chunks).toString();
  const { method = '', url: path = '', headers } = incoming;
  return { method, path, headers, body: text === '' ? undefined : JSON.parse(text) };
}

function send(response: ServerResponse, { status, headers = {}, body }: FakeAnswer): void {
  if (body === undefined) {
    response.writeHead(status, toHeaders(headers)).end();
    return;
  }
  const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
  response.writeHead(status, { 'Content-Type': 'application/json', ...toHeaders(headers) });
  response.end(isRaw ? body : JSON.stringify(body));
}

const toHeaders = (headers: NonNullable<FakeAnswer['headers']>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value as string | string[]]));
