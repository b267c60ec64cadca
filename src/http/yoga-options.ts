import type { DocumentCache } from './document-cache.js';
import { maskError } from './errors.js';

/** Where GraphQL is served. */
export const graphqlPath = '/graphql';

/**
 * The defaults of Yoga that a gateway on the open network can't keep: pages that it loads from elsewhere, other media
 * types than JSON, errors with stacks in development, a health route at every address that ends so, and caches that
 * a caller fills with documents of any size. Bodies are limited where they are read (limits.ts).
 */
export const createYogaOptions = (documentCache: DocumentCache) => ({
  graphqlEndpoint: graphqlPath,
  // No address holds a space, so none ends like this one.
  healthCheckEndpoint: ' ',
  landingPage: false,
  graphiql: false,
  multipart: false,
  batching: false,
  logging: false,
  maskedErrors: { maskError },
  maxRequestBodySize: false as const,
  parserAndValidationCache: {
    documentCache,
    errorCache: { get: () => undefined, set: () => undefined },
  },
});
