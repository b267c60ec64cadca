import type { DocumentNode } from 'graphql';
import { _createLRUCache as createLruCache } from 'graphql-yoga';
import { maskError } from './errors.js';

/** Where GraphQL is served. */
export const graphqlPath = '/graphql';

// A document of 1,000 tokens becomes some 200 KB of syntax tree: 200 of them are 40 MB at most.
const cachedDocuments = 200;
const longestCachedDocument = 20_000;

function createDocumentCache() {
  const documents = createLruCache<DocumentNode>({ max: cachedDocuments });
  return {
    get: (text: string) => documents.get(text),
    set(text: string, document: DocumentNode) {
      if (text.length <= longestCachedDocument) {
        documents.set(text, document);
      }
    },
  };
}

/**
 * The defaults of Yoga that a gateway on the open network can't keep: pages that it loads from elsewhere, other media
 * types than JSON, errors with stacks in development, a health route at every address that ends so, and caches that
 * a caller fills with documents of any size. Bodies are limited where they are read (limits.ts).
 */
export const createYogaOptions = () => ({
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
    documentCache: createDocumentCache(),
    errorCache: { get: () => undefined, set: () => undefined },
  },
});
