import type { ObjectRef } from '@pothos/core';
import type { GraphQLSchema } from 'graphql';
import type { Context } from '../context.js';
import { builder, type Types } from '../schema/builder.js';
import { type Entity, findNode, nodeTypeNames, typeNameOf } from '../schema/node.js';
import { maxRepresentations, parseRepresentations, type Representation } from './representations.js';
import { printSubgraph } from './subgraph.js';

const AnyScalar = builder.scalarType('_Any', {
  description: 'Names an entity to Apollo Federation: `{ "__typename": "User", "id": "user_ada" }`.',
  serialize: () => {
    throw new TypeError('_Any is used in inputs only.');
  },
  parseValue: (value) => value,
});

// Whatever implements Node is an entity: a new type is one without being listed here.
const EntityUnion = builder.unionType('_Entity', {
  description: 'Everything that other subgraphs can refer to by its id.',
  // Pothos takes the names of types too, but types itself as if it took references alone.
  types: () => nodeTypeNames() as unknown[] as ObjectRef<Types, Entity>[],
  resolveType: ({ id }) => typeNameOf(id),
});

const Service = builder.objectRef<{ readonly sdl: string }>('_Service').implement({
  description: 'This subgraph, as Apollo Federation asks for it.',
  fields: (t) => ({
    sdl: t.exposeString('sdl', {
      description:
        'The schema with the directives of Apollo Federation 2: what `divest print-schema --federation` prints.',
    }),
  }),
});

builder.queryFields((t) => ({
  _entities: t.field({
    type: [EntityUnion],
    nullable: { list: false, items: true },
    description:
      'For Apollo Federation: entities by their keys, in the order they are asked for; null in the place of each that ' +
      '`node` would not find.',
    // Counted like a page: lists inside of a thousand entities are a thousand lists.
    extensions: { pageKeyTypes: [] },
    args: {
      representations: t.arg({
        type: [AnyScalar],
        required: true,
        description: `Objects with \`__typename\` and \`id\`, at most ${maxRepresentations}.`,
      }),
    },
    resolve: (_root, { representations }, context) =>
      Promise.all(
        parseRepresentations(representations, new Set(nodeTypeNames())).map((one) => findEntity(context, one)),
      ),
  }),
  _service: t.field({
    type: Service,
    description: 'For Apollo Federation: this schema. Open to whom introspection is open.',
    resolve: (_root, _args, _context, { schema }) => ({ sdl: getSdl(schema) }),
  }),
}));

/** Those of one type that a request asks for cost one statement, as findNode's do. */
function findEntity(context: Context, { typeName, id }: Representation): Promise<Entity | null> {
  return typeNameOf(id) === typeName ? findNode(context, id) : Promise.resolve(null);
}

const printed = new WeakMap<GraphQLSchema, string>();

function getSdl(schema: GraphQLSchema): string {
  const sdl = printed.get(schema) ?? printSubgraph(schema);
  printed.set(schema, sdl);
  return sdl;
}
