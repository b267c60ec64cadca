import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import type { Logger } from 'pino';
import { isAddressed, refuse, refuseMalformed } from './malformed-requests.js';

/** What the server needs of a gateway. */
interface ServedGateway {
  readonly requestListener: (request: IncomingMessage, response: ServerResponse) => unknown;
  /** From now on the gateway says that it is not ready. */
  drain(): void;
}

export interface ServerParts {
  readonly gateway: ServedGateway;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** How long a stopping server waits for what is under way. */
  readonly graceSeconds: number;
  readonly log: Logger;
}

export interface RunningServer {
  readonly url: string;
  /** Stops taking requests, finishes what is under way within the grace period, and ends the rest. */
  close(): Promise<void>;
}

/** The server can't listen. The message says why and which setting to change. */
export class ListenError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ListenError';
  }
}

// A caller gets 10 s for the headers of a request and 30 s for all of it, so that slow ones can't hold every
// connection. Idle connections stay open a little longer than the usual minute of a load balancer: else it would send
// a request into one that we are just closing. Headers may be longer than the longest address (limits.ts).
const serverOptions = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 32 * 1024,
  // Refused by ourselves (malformed-requests.ts), so that it is answered and logged like everything else.
  requireHostHeader: false,
} as const;

// Nobody waits longer than that for an answer, and a stream shows every twelve seconds that it is alive: where nothing has gone
// to and fro for so long, the caller doesn't read what it asked for.
const standstillMs = 30_000;

// When it stops, a connection that looks idle may have a request on its way. To close it at once would reset that
// request, of which nobody could tell whether it was carried out: it is taken, and the last one on its connection.
const lingerMs = 500;

/** Serves a gateway on one address. Throws {@link ListenError} where that is not possible. */
export async function startServer({ gateway, host, port, graceSeconds, log }: ServerParts): Promise<RunningServer> {
  const server = createServer(serverOptions);
  server.timeout = standstillMs;
  const traffic = watchTraffic(server);
  server.on('request', (request, response) => {
    if (isAddressed(request)) {
      void gateway.requestListener(request, response);
    } else {
      refuse(request, response, log, 400);
    }
  });
  refuseMalformed(server, log, (socket) => closeAfterOwed(traffic, socket));
  await listen(server, host, port);
  let closed: Promise<void> | null = null;
  const close = () => {
    gateway.drain();
    return stop(server, traffic, graceSeconds, log);
  };
  return {
    url: toUrl(host, server.address() as AddressInfo),
    close() {
      closed ??= close();
      return closed;
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new ListenError(toReason(error.code, host, port))));
    server.listen(port, host, resolve);
  });
}

function toReason(code: string | undefined, host: string, port: number): string {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} of ${host} is in use by another program. Set PORT to a free one.`;
    case 'EACCES':
      return `Port ${port} may not be used by this user. Set PORT to 1024 or higher.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is no address of this machine. Set HOST to one that is.`;
    default:
      return `The server cannot listen on port ${port} of ${host} (${code ?? 'unknown reason'}).`;
  }
}

const toUrl = (host: string, { port }: AddressInfo) => `http://${host.includes(':') ? `[${host}]` : host}:${port}`;

/** What is under way: every open connection with the responses that are owed on it. */
type Traffic = Map<Socket, Set<ServerResponse>>;

function watchTraffic(server: Server): Traffic {
  const traffic: Traffic = new Map();
  server.on('connection', (socket) => {
    traffic.set(socket, new Set());
    socket.once('close', () => {
      const owed = [...(traffic.get(socket) ?? [])];
      traffic.delete(socket);
      // Of several requests that came behind each other, Node tells only the first that its connection is gone. The others
      // would keep their places, and streams theirs, for ever.
      for (const response of owed.filter((one) => one.socket === null && !one.closed)) {
        response.emit('close');
      }
    });
  });
  server.on('request', ({ socket }, response) => {
    traffic.get(socket)?.add(response);
    if (!server.listening) {
      announceClose(response);
    }
    response.once('close', () => {
      traffic.get(socket)?.delete(response);
      if (!server.listening || broken.has(socket)) {
        endIfIdle(traffic, socket);
      }
    });
  });
  return traffic;
}

/** Connections on which something came that is no request, behind requests that are still being answered. */
const broken = new WeakSet<Socket>();

/**
 * Whether answers are owed on a connection. They are given then, each to its request, and the connection ends: whatever
 * else were written there would be taken for the answer to the first of them. A request of which a part is missing is
 * owed nothing: that part will not come.
 */
function closeAfterOwed(traffic: Traffic, socket: Socket): boolean {
  const owed = traffic.get(socket) ?? new Set();
  const last = [...owed].filter(({ req }) => req.complete).at(-1);
  if (!last) {
    return false;
  }
  for (const response of owed) {
    if (!response.req.complete) {
      owed.delete(response);
      // Node tells of the connection's end only the response that is being given.
      response.emit('close');
    }
  }
  broken.add(socket);
  announceClose(last);
  return true;
}

function endIfIdle(traffic: Traffic, socket: Socket): void {
  if (traffic.get(socket)?.size === 0) {
    socket.destroySoon();
  }
}

// Yoga's dispose() waits for nothing, so the connections are followed here. A caller who gets its answer now is told
// not to use the connection again.
function stop(server: Server, traffic: Traffic, graceSeconds: number, log: Logger): Promise<void> {
  return new Promise((resolve) => {
    const lingering = setTimeout(() => {
      for (const socket of traffic.keys()) {
        endIfIdle(traffic, socket);
      }
    }, lingerMs);
    const timer = setTimeout(() => {
      log.warn({ connections: traffic.size }, 'requests were still under way at the end of the grace period');
      server.closeAllConnections();
    }, graceSeconds * 1000);
    // The close() of an HTTP server would close idle connections at once.
    NetServer.prototype.close.call(server, () => {
      clearTimeout(lingering);
      clearTimeout(timer);
      resolve();
    });
    for (const responses of traffic.values()) {
      // On the last one: an earlier one would end the connection before the others are answered.
      const last = [...responses].at(-1);
      if (last) {
        announceClose(last);
      }
    }
  });
}

function announceClose(response: ServerResponse): void {
  if (!response.headersSent) {
    response.setHeader('Connection', 'close');
  }
}
