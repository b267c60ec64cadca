import fc from 'fast-check';
import {
  type GraphQLArgument,
  type GraphQLInputType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
} from 'graphql';

type Generate = fc.GeneratorValue;

const ids = [
  'user_ada',
  'proj_TrlkLiH4',
  'role_ops',
  'res_vpn',
  'org_demo',
  'rev_1',
  'user_nobody',
  '',
  'user_',
  '__proto__',
];
const texts = [
  ...ids,
  'ada@demo.test',
  '\\u0000',
  '\\uD800',
  '%',
  "' or 1=1 --",
  'x'.repeat(300),
  '💥',
  '{{7*7}}',
  '\\"',
];

// By its place: fast-check compares what it is given to choose from, and the types of a schema have no end.
const pick = <Item>(g: Generate, items: readonly Item[]): Item => {
  const item = items[g(fc.nat, { max: items.length - 1 })];
  if (item === undefined) {
    throw new Error('There is nothing to choose from.');
  }
  return item;
};
const chance = (g: Generate, percent: number) => g(fc.integer, { min: 1, max: 100 }) <= percent;

/** Any operation over a schema: mostly one that fits it, now and then one that almost does. */
export function randomOperation(g: Generate, schema: GraphQLSchema): string {
  const isMutation = chance(g, 30);
  const type = isMutation ? schema.getMutationType() : schema.getQueryType();
  if (!type) {
    return '{ __typename }';
  }
  return `${isMutation ? 'mutation' : 'query'}${chance(g, 20) ? ' Named' : ''} ${selection(g, schema, type, 0)}`;
}

function selection(g: Generate, schema: GraphQLSchema, type: GraphQLOutputType, depth: number): string {
  const named = getNamedType(type);
  if (!isCompositeType(named)) {
    return chance(g, 1) ? '{ __typename }' : '';
  }
  const parts = Array.from({ length: g(fc.integer, { min: 1, max: depth === 0 ? 3 : 4 }) }, () =>
    isAbstractType(named) && (!('getFields' in named) || chance(g, 50))
      ? fragment(g, schema, pick(g, schema.getPossibleTypes(named)), depth)
      : field(g, schema, named, depth),
  );
  return `{ ${parts.join(' ')} }`;
}

const fragment = (g: Generate, schema: GraphQLSchema, type: GraphQLOutputType, depth: number) =>
  `... on ${getNamedType(type).name} ${depth > 8 ? '{ __typename }' : selection(g, schema, type, depth)}`;

function field(g: Generate, schema: GraphQLSchema, type: GraphQLOutputType, depth: number): string {
  const fields =
    isObjectType(type) || 'getFields' in type
      ? Object.values((type as { getFields(): Record<string, Field> }).getFields())
      : [];
  if (depth > 8 || fields.length === 0 || chance(g, 10)) {
    return pick(g, ['__typename', '__typename', '__typename', 'constructor', '__proto__', 'nothing']);
  }
  const chosen = pick(g, fields);
  const alias = chance(g, 15) ? `${pick(g, ['a', 'b', '__proto__', 'toString'])}: ` : '';
  const directive = chance(g, 5)
    ? pick(g, [' @skip(if: true)', ' @include(if: false)', ' @skip(if: 1)', ' @defer'])
    : '';
  return `${alias}${chosen.name}${argumentsOf(g, chosen.args)}${directive} ${selection(g, schema, chosen.type, depth + 1)}`;
}

interface Field {
  readonly name: string;
  readonly type: GraphQLOutputType;
  readonly args: readonly GraphQLArgument[];
}

function argumentsOf(g: Generate, args: readonly GraphQLArgument[]): string {
  const given = args.filter(({ type }) => chance(g, isNonNullType(type) ? 95 : 30));
  return given.length === 0 ? '' : `(${given.map(({ name, type }) => `${name}: ${value(g, type)}`).join(', ')})`;
}

function value(g: Generate, type: GraphQLInputType): string {
  if (isNonNullType(type)) {
    return value(g, type.ofType);
  }
  if (chance(g, 5)) {
    return pick(g, [
      'null',
      '1',
      '"x"',
      '[]',
      '{}',
      'ADMIN',
      '1e999',
      '-1',
      '{ __proto__: {} }',
      '99999999999999999999',
    ]);
  }
  if (isListType(type)) {
    return `[${Array.from({ length: g(fc.integer, { min: 0, max: 3 }) }, () => value(g, type.ofType)).join(', ')}]`;
  }
  if (isEnumType(type)) {
    return pick(g, type.getValues()).name;
  }
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter((one) => chance(g, isNonNullType(one.type) ? 95 : 30));
    return `{ ${fields.map((one) => `${one.name}: ${value(g, one.type)}`).join(', ')} }`;
  }
  return isScalarType(type) ? scalar(g, type.name) : 'null';
}

function scalar(g: Generate, name: string): string {
  switch (name) {
    case 'Int':
      return String(g(fc.integer, { min: -2, max: 300 }));
    case 'Boolean':
      return pick(g, ['true', 'false']);
    case 'Float':
      return '1.5';
    default:
      return `"${pick(g, name === 'ID' ? ids : texts)}"`;
  }
}
