import { createServer } from 'node:http';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import http from '@graphql-mesh/transport-http';
import { assertCompositionSuccess, composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';
import { printSubgraph } from '../../src/federation/subgraph.js';
import type { Headers } from '../support/gateway.js';
import { type LoggedDivest, startLoggedDivest } from './logged-divest.js';
import { type Answer, ask, close, listen, type Subgraph } from './subgraph-server.js';

/** A larger graph: Hive Gateway in front of Divest and other subgraphs, each on a port of its own. */
export interface Supergraph {
  readonly divest: LoggedDivest;
  readonly url: string;
  ask(query: string, variables: object, headers: Headers): Promise<Answer>;
  close(): Promise<void>;
}

// Whoever leaves one out has every caller with that credential answered UnauthenticatedError. See docs/gateways.
const forwarded = [
  ...['authorization', 'x-management-id', 'x-management-token', 'x-api-key', 'x-cxone-authorization', 'traceparent'],
];

/** Composes and serves a larger graph. `env` is what Divest's settings differ in. */
export async function openSupergraph(others: readonly Subgraph[], env: Headers = {}): Promise<Supergraph> {
  const divest = await startLoggedDivest(env);
  const own = { name: 'divest', url: divest.url, typeDefs: printSubgraph(divest.gateway.schema) };
  const gateway = createGatewayRuntime({
    supergraph: compose([own, ...others]),
    transports: { http },
    logging: false,
    propagateHeaders: {
      fromClientToSubgraphs: ({ request, subgraphName }) => (subgraphName === 'divest' ? pick(request.headers) : {}),
    },
  });
  const server = createServer(gateway);
  const url = await listen(server);
  return {
    divest,
    url,
    ask: (query, variables, headers) => ask(url, { query, variables }, headers),
    close: async () => {
      await close(server);
      await gateway[Symbol.asyncDispose]();
      await divest.close();
    },
  };
}

// Hive Gateway asks for subscriptions by GET, which Divest answers only with a header that no browser sends unasked.
const pick = (headers: globalThis.Headers) => ({
  ...Object.fromEntries([...headers].filter(([name]) => forwarded.includes(name))),
  'x-graphql-yoga-csrf': 'larger gateway',
});

type Composed = Pick<Subgraph, 'name' | 'url' | 'typeDefs'>;

/** What comes of putting some subgraphs together. */
export const tryToCompose = (subgraphs: readonly Composed[]) =>
  composeServices(subgraphs.map(({ name, url, typeDefs }) => ({ name, url, typeDefs: parse(typeDefs) })));

function compose(subgraphs: readonly Composed[]): string {
  const result = tryToCompose(subgraphs);
  assertCompositionSuccess(result);
  return result.supergraphSdl;
}
