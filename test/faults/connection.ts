import { Agent, request } from 'node:http';

/** What came back for one request. Milliseconds. */
export interface Reply {
  readonly status: number;
  /** The header: `close` where the server told not to use the connection again. */
  readonly connection: string;
  readonly text: string;
  readonly ms: number;
}

/** A client with one connection, which it keeps open between requests. */
export interface Connection {
  /** Rejects where no answer comes: with a code such as ECONNRESET, or NOT_TAKEN where a new connection was reset. */
  send(path: string, headers: Readonly<Record<string, string>>, body?: string): Promise<Reply>;
  close(): void;
}

export function openConnection(url: string): Connection {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const send: Connection['send'] = (path, headers, body) =>
    new Promise((resolve, reject) => {
      const start = performance.now();
      const method = body === undefined ? 'GET' : 'POST';
      const outgoing = request(new URL(path, url), { method, headers, agent }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.once('error', reject).once('end', () => {
          const { statusCode = 0, headers: received } = response;
          const ms = performance.now() - start;
          resolve({ status: statusCode, connection: received.connection ?? '', text, ms });
        });
      });
      const fail = (error: NodeJS.ErrnoException) => {
        const isNotTaken = error.code === 'ECONNRESET' && !outgoing.reusedSocket;
        reject(isNotTaken ? Object.assign(error, { code: 'NOT_TAKEN' }) : error);
      };
      outgoing.once('error', fail).end(body);
    });
  return { send, close: () => agent.destroy() };
}
