import { createServer } from 'node:http';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { loadDemo } from '../../src/demo/demo.js';
import { openTestDatabase } from '../support/databases.js';
import { type Headers, type ServedGateway, serveDatabase } from '../support/gateway.js';
import { close, listen } from './subgraph-server.js';

/** What Divest's log tells of a request. */
interface LogLine {
  readonly msg: string;
  readonly traceId: string;
  readonly rootFields: readonly string[];
  readonly credential: string | null;
  readonly actor: string;
}

/** Divest with the demo organization, on a port of its own, to be put behind a larger gateway. */
export interface LoggedDivest extends ServedGateway {
  readonly url: string;
  /** The requests that it got since the last call. */
  takeRequests(): LogLine[];
}

/** Starts Divest. `env` is what its settings differ in. */
export async function startLoggedDivest(env: Headers = {}): Promise<LoggedDivest> {
  const lines: LogLine[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  const database = await openTestDatabase('embedded');
  await loadDemo(database);
  const divest = await serveDatabase(database, env, { log: pino({ level: 'info' }, stream) });
  const server = createServer(divest.gateway.requestListener);
  return {
    ...divest,
    url: await listen(server),
    takeRequests: () => lines.splice(0).filter(({ msg }) => msg === 'request'),
    close: async () => {
      await close(server);
      await divest.close();
      await database.close();
    },
  };
}
