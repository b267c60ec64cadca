import { initGraphQLTada } from 'gql.tada';
import type { introspection } from './generated/introspection.js';

/** Reads the types of a document from the schema, while it is typed: nothing is generated for a document. */
export const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { DateTime: string; ID: string };
}>();
