import { type Change, ChangeType, CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema, type GraphQLSchema, getNamedType, isInterfaceType, isObjectType } from 'graphql';

/**
 * The changes from one schema to another after which a client that was written for the first may fail. A new member of
 * a union and a new value of an enum that is answered count too: exhaustive clients and gateways with an older copy
 * of the schema don't know what to do with them. So does another default: a removal that leaves `dryRun` out would mean
 * something else from one version to the next. A new entity is in `_Entity`, which no client asks for.
 */
export async function findBreakingChanges(before: string, after: string): Promise<string[]> {
  const [from, to] = [buildSchema(before), buildSchema(after)];
  const answered = findAnsweredTypes(from);
  const breaks = (change: Change) =>
    change.criticality.level === CriticalityLevel.Breaking ||
    (change.type === ChangeType.UnionMemberAdded && change.path !== '_Entity') ||
    change.type === ChangeType.FieldArgumentDefaultChanged ||
    change.type === ChangeType.InputFieldDefaultValueChanged ||
    (change.type === ChangeType.EnumValueAdded && answered.has(change.path?.split('.')[0] ?? ''));
  return (await diff(from, to)).filter(breaks).map(({ message }) => message);
}

/** The types of all fields, as opposed to those of inputs alone. */
function findAnsweredTypes(schema: GraphQLSchema): ReadonlySet<string> {
  const types = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type) || isInterfaceType(type));
  return new Set(
    types.flatMap((type) => Object.values(type.getFields()).map((field) => getNamedType(field.type).name)),
  );
}
