import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

/** A way to a PostgreSQL server that counts what goes through it. */
export interface StatementCounter {
  /** The database of `databaseUrl`, by this way. */
  readonly url: string;
  /** Statements that were executed so far, BEGIN and COMMIT among them. */
  statements(): number;
  close(): void;
}

const [execute, simpleQuery] = [0x45, 0x51];

/** Starts a proxy in front of the server of `databaseUrl`. It reads the messages of the protocol's third version. */
export async function countStatements(databaseUrl: string): Promise<StatementCounter> {
  const target = new URL(databaseUrl);
  let count = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port || 5432), target.hostname);
    const onMessage = (type: number) => {
      count += type === execute || type === simpleQuery ? 1 : 0;
    };
    client.on('data', createReader(onMessage)).pipe(upstream);
    upstream.pipe(client);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => [client, upstream].map((one) => one.destroy()));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    statements: () => count,
    close: () => {
      server.close();
      for (const socket of sockets) {
        socket.destroy();
      }
    },
  };
}

/** Reads the types of the messages of one connection: a length first, at the start without a type before it. */
function createReader(onMessage: (type: number) => void): (chunk: Buffer) => void {
  let [buffered, isStarted]: [Buffer, boolean] = [Buffer.alloc(0), false];
  return (chunk) => {
    buffered = Buffer.concat([buffered, chunk]);
    for (;;) {
      const head = isStarted ? 1 : 0;
      const length = buffered.length >= head + 4 ? head + buffered.readUInt32BE(head) : Number.POSITIVE_INFINITY;
      if (buffered.length < length) {
        return;
      }
      if (isStarted) {
        onMessage(buffered[0] ?? 0);
      }
      isStarted = true;
      buffered = buffered.subarray(length);
    }
  };
}
