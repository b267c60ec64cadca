import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
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

/** Serves a gateway on one address. Throws {@link ListenError} where that is not possible. */
export async function startServer({ gateway, host, port, graceSeconds, log }: ServerParts): Promise<RunningServer> {
  const server = createServer(serverOptions);
  const traffic = watchTraffic(server);
  server.on('request', (request, response) => {
    if (isAddressed(request)) {
      void gateway.requestListener(request, response);
    } else {
      refuse(request, response, log, 400);
    }
  });
  refuseMalformed(server, log);
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
    socket.once('close', () => traffic.delete(socket));
  });
  server.on('request', ({ socket }, response) => {
    traffic.get(socket)?.add(response);
    if (!server.listening) {
      announceClose(response);
    }
    response.once('close', () => {
      traffic.get(socket)?.delete(response);
      if (!server.listening) {
        endIfIdle(traffic, socket);
      }
    });
  });
  return traffic;
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
    const timer = setTimeout(() => {
      log.warn({ connections: traffic.size }, 'requests were still under way at the end of the grace period');
      server.closeAllConnections();
    }, graceSeconds * 1000);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    for (const [socket, responses] of traffic) {
      for (const response of responses) {
        announceClose(response);
      }
      endIfIdle(traffic, socket);
    }
  });
}

function announceClose(response: ServerResponse): void {
  if (!response.headersSent) {
    response.setHeader('Connection', 'close');
  }
}
