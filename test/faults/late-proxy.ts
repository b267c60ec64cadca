import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a database that can be made slow. */
export interface LateProxy {
  /** The database's URL, by way of the proxy. */
  readonly url: string;
  /**
   * From the first that contains `text`, what is asked, or what is answered, arrives so much later. Resolves when that one
   * is on its way.
   */
  delay(what: 'questions' | 'answers', ms: number, text: string): Promise<void>;
  /** What comes from now on isn't late any more. */
  hurry(): void;
  /** How much is on its way. */
  underWay(): number;
  close(): void;
}

/** Passes everything on, however late: also what was sent by somebody who has hung up meanwhile. */
export async function startLateProxy(databaseUrl: string): Promise<LateProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let underWay = 0;
  const delays = { questions: 0, answers: 0 };
  const watchers = { questions: (_chunk: Buffer) => {}, answers: (_chunk: Buffer) => {} };
  const pass = (from: Socket, to: Socket, what: keyof typeof delays) => {
    sockets.add(from);
    let earliest = 0;
    // In the order in which it came, also where the delay has become shorter.
    const later = (act: () => void) => {
      earliest = Math.max(earliest, performance.now() + delays[what]);
      const wait = earliest - performance.now();
      underWay += 1;
      const arrive = () => {
        underWay -= 1;
        act();
      };
      return wait <= 0 ? arrive() : setTimeout(arrive, wait);
    };
    from.on('data', (chunk: Buffer) => {
      watchers[what](chunk);
      later(() => to.write(chunk));
    });
    from.on('error', () => {});
    from.on('close', () => {
      sockets.delete(from);
      later(() => to.end());
    });
  };
  const server = createServer((near) => {
    const far = connect(Number(target.port || 5432), target.hostname);
    pass(near, far, 'questions');
    pass(far, near, 'answers');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    delay: (what, ms, text) =>
      new Promise((resolve) => {
        watchers[what] = (chunk) => {
          if (chunk.includes(text)) {
            delays[what] = ms;
            watchers[what] = () => {};
            resolve();
          }
        };
      }),
    hurry: () => {
      delays.questions = 0;
      delays.answers = 0;
    },
    underWay: () => underWay,
    close: () => {
      for (const socket of sockets) {
        socket.destroy();
      }
      server.close();
    },
  };
}
