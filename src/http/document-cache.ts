import type { DocumentNode } from 'graphql';
import { _createLRUCache as createLruCache } from 'graphql-yoga';

// A document of 1,000 tokens becomes some 200 KB of syntax tree: 200 of them are 40 MB at most.
const cachedDocuments = 200;
const longestCachedDocument = 20_000;

/** Documents by their texts: those that were asked for last. */
export interface DocumentCache {
  get(text: string): DocumentNode | undefined;
  set(text: string, document: DocumentNode): void;
}

export function createDocumentCache(): DocumentCache {
  const documents = createLruCache<DocumentNode>({ max: cachedDocuments });
  return {
    get: (text) => documents.get(text),
    set(text, document) {
      if (text.length <= longestCachedDocument) {
        documents.set(text, document);
      }
    },
  };
}
