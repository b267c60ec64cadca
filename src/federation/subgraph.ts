import { type GraphQLNamedType, type GraphQLSchema, getNamedType, isObjectType, isUnionType } from 'graphql';
import { printAnnotated } from './annotate.js';

/** The types that are looked up by their id: whatever is a Node. */
function findEntityNames(schema: GraphQLSchema): ReadonlySet<string> {
  const entity = schema.getType('_Entity');
  return new Set(isUnionType(entity) ? entity.getTypes().map(({ name }) => name) : []);
}

/** What a type says of itself where other subgraphs may have one just like it; see `extensions` of AccessError. */
export const shareable = { shareable: true } as const;

/**
 * This schema as a subgraph of Apollo Federation 2. Entities get their key; the error types and PageInfo are shareable,
 * for other subgraphs may have the same. Mutations never are: a gateway could send a removal to any of several.
 */
export function printSubgraph(schema: GraphQLSchema): string {
  const entities = findEntityNames(schema);
  const shared = findShareableNames(schema, entities);
  return printAnnotated(schema, {
    // Federation's composition refuses @oneOf where it is not declared.
    preamble: `extend schema @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key", "@shareable"])

directive @oneOf on INPUT_OBJECT`,
    onType: (name) => (entities.has(name) ? '@key(fields: "id")' : shared.has(name) ? '@shareable' : null),
    onQuery: () => null,
  });
}

/** The types that are marked or implement one that is, and the types of their fields: a part can't be less shared. */
function findShareableNames(schema: GraphQLSchema, entities: ReadonlySet<string>): ReadonlySet<string> {
  const names = new Set<string>();
  const add = (type: GraphQLNamedType) => {
    if (isObjectType(type) && !entities.has(type.name) && !names.has(type.name)) {
      names.add(type.name);
      Object.values(type.getFields()).forEach((field) => {
        add(getNamedType(field.type));
      });
    }
  };
  const isMarked = ({ extensions }: GraphQLNamedType) => extensions['shareable'] === true;
  for (const type of Object.values(schema.getTypeMap())) {
    if (isObjectType(type) && [type, ...type.getInterfaces()].some(isMarked)) {
      add(type);
    }
  }
  return names;
}
