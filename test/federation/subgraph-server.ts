import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { IResolvers } from '@graphql-tools/utils';
import { createSchema, createYoga } from 'graphql-yoga';
import type { Headers as SentHeaders } from '../support/gateway.js';

/** A request that a subgraph got. */
interface Seen {
  readonly headers: Headers;
  readonly query: string;
}

/** Another subgraph of a larger graph, on a port of its own. */
export interface Subgraph {
  readonly name: string;
  readonly url: string;
  /** For the composition. */
  readonly typeDefs: string;
  /** What was asked of it since the last `forget`. */
  readonly seen: Seen[];
  close(): Promise<void>;
}

/** What a subgraph consists of. */
export interface Definition {
  readonly name: string;
  /** Without its entity types' machinery, which this adds. */
  readonly typeDefs: string;
  readonly entities?: string;
  readonly resolvers: IResolvers;
}

const link = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key", "@shareable", "@external"])
`;
const directives = `
  directive @key(fields: String!, resolvable: Boolean) on OBJECT
  directive @shareable on OBJECT | FIELD_DEFINITION
  directive @external on FIELD_DEFINITION
`;

/** Serves a subgraph that knows nothing of Divest. */
export async function startSubgraph({ name, typeDefs, entities, resolvers }: Definition): Promise<Subgraph> {
  const seen: Seen[] = [];
  const machinery = entities
    ? `scalar _Any union _Entity = ${entities} extend type Query { _entities(representations: [_Any!]!): [_Entity]! }`
    : '';
  const yoga = createYoga({
    schema: createSchema({ typeDefs: [directives, typeDefs, machinery], resolvers }),
    logging: false,
    plugins: [
      {
        onParams({ request, params }) {
          seen.push({ headers: request.headers, query: params.query ?? '' });
        },
      },
    ],
  });
  const server = createServer(yoga);
  const url = await listen(server);
  return { name, url, typeDefs: `${link} ${typeDefs}`, seen, close: () => close(server) };
}

/** Listens on a free port of this machine alone, and returns the address of its GraphQL. */
export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
}

export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** What a larger gateway answers. */
export interface Answer {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: Record<string, unknown> }[];
}

/** Sends an operation over HTTP, and reads the whole answer. */
export async function ask(url: string, body: object, headers: SentHeaders): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return (await response.json()) as Answer;
}
