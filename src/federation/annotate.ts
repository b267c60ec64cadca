import {
  type ConstDirectiveNode,
  type GraphQLSchema,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  print,
  visit,
} from 'graphql';
import { printSortedSchema } from '../schema/print.js';

/** Which directives a printed schema shall carry, written as in SDL: `@key(fields: "id")`. */
export interface Annotations {
  /** What stands above the types. */
  readonly preamble: string;
  readonly onType: (typeName: string) => string | null;
  readonly onQuery: (fieldName: string) => string | null;
}

// By GraphQL's convention such names belong to Federation; what they are is known to whoever reads its SDL.
const isOfFederation = (name: string) => name.startsWith('_');

/** The schema as SDL with directives, without the types and fields that are there for Federation alone. */
export function printAnnotated(schema: GraphQLSchema, { preamble, onType, onQuery }: Annotations): string {
  const queryName = schema.getQueryType()?.name;
  const dropOrKeep = ({ name }: { name: { value: string } }) => (isOfFederation(name.value) ? null : undefined);
  const annotate = (node: ObjectTypeDefinitionNode): ObjectTypeDefinitionNode => {
    const isQuery = node.name.value === queryName;
    const fields = node.fields?.map((field) => withDirectives(field, isQuery ? onQuery(field.name.value) : null)) ?? [];
    return withDirectives({ ...node, fields }, onType(node.name.value));
  };
  const document = visit(parse(printSortedSchema(schema), { noLocation: true }), {
    ScalarTypeDefinition: dropOrKeep,
    UnionTypeDefinition: dropOrKeep,
    FieldDefinition: dropOrKeep,
    ObjectTypeDefinition: { enter: dropOrKeep, leave: annotate },
  });
  return `${preamble}\n\n${print(document)}\n`;
}

function withDirectives<Definition extends object>(node: Definition, directives: string | null): Definition {
  return directives === null ? node : { ...node, directives: parseDirectives(directives) };
}

function parseDirectives(text: string): readonly ConstDirectiveNode[] {
  const [definition] = parse(`scalar Carrier ${text}`, { noLocation: true }).definitions;
  return definition?.kind === Kind.SCALAR_TYPE_DEFINITION ? (definition.directives ?? []) : [];
}
