import { connect, type Socket } from 'node:net';

/** A connection over which bytes are sent as they are. */
export interface RawSocket {
  readonly socket: Socket;
  /** What has come so far. */
  seen(): string;
  /** Resolves with it once it holds `text`, or the other side has ended the connection. */
  until(text: string): Promise<string>;
  /** The same once the other side has ended it, or `ms` have passed. */
  end(ms: number): Promise<string>;
}

/** Opens a connection, and sends `text` if there is any. */
export function openRawSocket(origin: string, text = ''): RawSocket {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  let seen = '';
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    seen += chunk;
  });
  if (text !== '') {
    socket.write(text);
  }
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const until = async (wanted: string) => {
    await Promise.race([
      closed,
      new Promise<void>((resolve) => {
        const check = () => seen.includes(wanted) && resolve();
        socket.on('data', check);
        check();
      }),
    ]);
    return seen;
  };
  return {
    ...{ socket, seen: () => seen, until },
    end: async (ms) => {
      const timer = setTimeout(() => socket.destroy(), ms);
      await closed;
      clearTimeout(timer);
      return seen;
    },
  };
}
