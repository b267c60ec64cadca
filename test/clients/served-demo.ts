import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GraphQLSchema } from 'graphql';
import { createHandler } from 'graphql-http/lib/use/http';
import { pino } from 'pino';
import { startServer } from '../../src/http/server.js';
import { openTestGateway, type TestGateway } from '../support/gateway.js';

export interface ServedDemo extends TestGateway {
  /** Where clients find it. */
  readonly url: string;
}

/** A gateway with the demo organization, on a port. */
export async function serveDemo(): Promise<ServedDemo> {
  const gateway = await openTestGateway('embedded');
  const log = pino({ level: 'silent' });
  const server = await startServer({ gateway: gateway.gateway, host: '127.0.0.1', port: 0, graceSeconds: 0, log });
  return {
    ...gateway,
    url: `${server.url}/graphql`,
    close: async () => {
      await server.close();
      await gateway.close();
    },
  };
}

export type Served = Pick<ServedDemo, 'url' | 'close'>;

/** A server of any schema, whose answers are `rootValue`. */
export async function serveSchema(schema: GraphQLSchema, rootValue: object): Promise<Served> {
  const server = createServer(createHandler({ schema, rootValue }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
