import type { Plugin } from 'graphql-yoga';
import type { ServerContext } from '../context.js';

/** One concern of the HTTP layer. What the plugins have to tell each other is in the server context. */
export type HttpPlugin = Plugin<ServerContext, ServerContext>;

type RequestHook = NonNullable<HttpPlugin['onRequest']>;

/** Yoga's own implementation of the fetch API, which is the fastest way to answer through it. */
export type FetchApi = Parameters<RequestHook>[0]['fetchAPI'];
