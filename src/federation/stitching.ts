import type { GraphQLSchema } from 'graphql';
import { printAnnotated } from './annotate.js';

/**
 * This schema with the directives of schema stitching: a gateway merges whatever is a Node by its id, with one
 * `nodes(ids:)` for all that a request needs of it.
 */
export const printStitching = (schema: GraphQLSchema): string =>
  printAnnotated(schema, {
    preamble:
      'directive @merge(argsExpr: String, keyArg: String, keyField: String, key: [String!], additionalArgs: String) ' +
      'on FIELD_DEFINITION',
    onType: () => null,
    onQuery: (name) => (name === 'nodes' ? '@merge(keyField: "id")' : null),
  });
