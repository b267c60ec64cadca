import { MapperKind, mapSchema, renameType } from '@graphql-tools/utils';
import {
  GraphQLInterfaceType,
  type GraphQLNamedType,
  type GraphQLSchema,
  GraphQLUnionType,
  isAbstractType,
  isIntrospectionType,
  isSpecifiedScalarType,
} from 'graphql';

const node = 'Node';

/** `_Entity`, `_Any` and `_Service`, whose names Apollo Federation gives. */
const isOfFederation = ({ name }: GraphQLNamedType) => name.startsWith('_');

/**
 * The schema with `prefix` in front of the name of every type that is not an entity (a Node), for graphs in which such
 * names collide. Root types, GraphQL's own scalars and Federation's types keep their names.
 */
export function prefixTypes(schema: GraphQLSchema, prefix: string): GraphQLSchema {
  const kept = new Set<GraphQLNamedType | null | undefined>([
    schema.getQueryType(),
    schema.getMutationType(),
    schema.getSubscriptionType(),
    ...entitiesOf(schema),
  ]);
  const isKept = (type: GraphQLNamedType) =>
    kept.has(type) || isSpecifiedScalarType(type) || isIntrospectionType(type) || isOfFederation(type);
  const keptNames = new Set(
    Object.values(schema.getTypeMap())
      .filter(isKept)
      .map(({ name }) => name),
  );
  const rename = (name: string) => (keptNames.has(name) ? name : prefix + name);
  return mapSchema(schema, {
    [MapperKind.TYPE]: (type) =>
      keptNames.has(type.name) ? undefined : renameType(resolveTo(type, rename), rename(type.name)),
  });
}

function entitiesOf(schema: GraphQLSchema): readonly GraphQLNamedType[] {
  const type = schema.getType(node);
  return type && isAbstractType(type) ? schema.getPossibleTypes(type) : [];
}

// An abstract type names its member by the name that the member was defined with.
function resolveTo(type: GraphQLNamedType, rename: (name: string) => string): GraphQLNamedType {
  if (!isAbstractType(type) || !type.resolveType) {
    return type;
  }
  const { resolveType } = type;
  const renamed: typeof resolveType = async (...args) => {
    const name = await resolveType(...args);
    return name && rename(name);
  };
  return type instanceof GraphQLUnionType
    ? new GraphQLUnionType({ ...type.toConfig(), resolveType: renamed })
    : new GraphQLInterfaceType({ ...type.toConfig(), resolveType: renamed });
}
