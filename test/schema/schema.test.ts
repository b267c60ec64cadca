import { readFileSync } from 'node:fs';
import {
  buildSchema as buildSchemaOf,
  findBreakingChanges,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  validateSchema,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { errorCodes } from '../../src/errors.js';
import { buildSchema } from '../../src/schema/index.js';
import { printSortedSchema } from '../../src/schema/print.js';

const schema = buildSchema();
const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const ownTypes = Object.values(schema.getTypeMap()).filter(
  ({ name }) => !name.startsWith('__') && !['String', 'Int', 'Boolean', 'ID'].includes(name),
);

describe('the schema', () => {
  it('is the one in schema.graphql', () => {
    expect(printSortedSchema(schema)).toBe(read('../../schema.graphql'));
  });

  it('contains the contract with every type, field, argument, value and nullability', () => {
    expect(findBreakingChanges(buildSchemaOf(read('contract.graphql')), schema)).toEqual([]);
  });

  it('is valid', () => {
    expect(validateSchema(schema)).toEqual([]);
  });

  it.each(ownTypes.map((type) => [type.name, type] as const))('describes %s and everything in it', (_name, type) => {
    expect(undescribed(type)).toEqual([]);
  });

  it('names every code in the description of AccessError.code', () => {
    const type = schema.getType('AccessError');
    const description = isInterfaceType(type) ? type.getFields()['code']?.description : null;
    expect(Object.keys(errorCodes).filter((code) => !description?.includes(`\`${code}\``))).toEqual([]);
  });

  it('lets every mutation answer every error that any caller can meet', () => {
    const unions = Object.values(schema.getMutationType()?.getFields() ?? {}).map(({ type }) =>
      schema.getType(String(type).replace('!', '')),
    );
    for (const union of unions) {
      const members = isUnionType(union) ? union.getTypes().map(({ name }) => name) : [];
      expect(members).toEqual(
        expect.arrayContaining(['UnauthenticatedError', 'ForbiddenError', 'RateLimitedError', 'InternalError']),
      );
    }
    expect(unions).toHaveLength(10);
  });
});

describe('a schema with a type prefix', () => {
  const prefixed = buildSchema({ typePrefix: 'Acme' });

  it('keeps the names of the root types, the entities, the scalars of GraphQL and what is Federation’s', () => {
    const kept = Object.keys(prefixed.getTypeMap()).filter(
      (name) => !name.startsWith('__') && !name.startsWith('Acme'),
    );
    expect(kept.sort()).toEqual([
      ...['Boolean', 'Grant', 'ID', 'Int', 'Mutation', 'Offboarding', 'Organization', 'Project', 'Query', 'Resource'],
      ...['Revocation', 'Role', 'Session', 'String', 'Subscription', 'User', '_Any', '_Entity', '_Service'],
    ]);
  });

  it('has every type of the schema without it', () => {
    const names = Object.keys(prefixed.getTypeMap()).map((name) => name.replace(/^Acme/, ''));
    // Float is in none of the types; graphql-js adds it, and only to a schema it made from nothing.
    const expected = Object.keys(schema.getTypeMap()).filter((name) => name !== 'Float');
    expect(names.sort()).toEqual(expected.sort());
    expect(validateSchema(prefixed)).toEqual([]);
  });
});

function undescribed(type: GraphQLNamedType): string[] {
  const missing = type.description ? [] : [type.name];
  const parts: { name: string; description?: string | null | undefined; args?: readonly { name: string }[] }[] =
    isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)
      ? Object.values(type.getFields())
      : isEnumType(type)
        ? [...type.getValues()]
        : [];
  for (const part of parts) {
    missing.push(...(part.description ? [] : [`${type.name}.${part.name}`]));
    for (const argument of (part.args ?? []) as { name: string; description?: string | null }[]) {
      missing.push(...(argument.description ? [] : [`${type.name}.${part.name}(${argument.name}:)`]));
    }
  }
  return missing;
}
