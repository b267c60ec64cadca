import {
  type GraphQLSchema,
  introspectionFromSchema,
  isAbstractType,
  lexicographicSortSchema,
  printSchema,
} from 'graphql';

/** The schema as text, in the order of the alphabet: the same for the same schema, so that a diff shows what changed. */
export const printSortedSchema = (schema: GraphQLSchema) => `${printSchema(lexicographicSortSchema(schema))}\n`;

const toJson = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

/** The schema as a server answers an introspection query, for tools that read that. */
export const printIntrospection = (schema: GraphQLSchema) =>
  toJson(introspectionFromSchema(lexicographicSortSchema(schema), { inputValueDeprecation: true, oneOf: true }));

/** The members of every union and interface: what Apollo Client wants as `possibleTypes`. */
export function printPossibleTypes(schema: GraphQLSchema): string {
  const sorted = lexicographicSortSchema(schema);
  const abstractTypes = Object.values(sorted.getTypeMap()).filter(isAbstractType);
  return toJson(
    Object.fromEntries(
      abstractTypes.map((type) => [
        type.name,
        sorted
          .getPossibleTypes(type)
          .map(({ name }) => name)
          .sort(),
      ]),
    ),
  );
}
