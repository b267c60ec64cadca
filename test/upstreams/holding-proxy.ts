import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

/** A way to a database that can keep an answer back. */
export interface HoldingProxy {
  /** The database's URL, by way of the proxy. */
  readonly url: string;
  close(): void;
}

/**
 * Passes on everything until a statement that contains `statement` goes by: the database gets it, and nothing that it
 * answers from then on comes back. Whoever asked is between what it has done and knowing of it.
 */
export async function startHoldingProxy(databaseUrl: string, statement: string): Promise<HoldingProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const follow = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    return socket;
  };
  const server = createServer((client) => {
    const upstream = follow(connect(Number(target.port || 5432), target.hostname));
    let isHeld = false;
    follow(client).on('data', (chunk) => {
      isHeld ||= chunk.includes(statement);
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => isHeld || client.write(chunk));
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    close: () => {
      for (const socket of sockets) {
        socket.destroy();
      }
      server.close();
    },
  };
}
