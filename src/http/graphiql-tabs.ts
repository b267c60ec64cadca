import {
  type GraphQLField,
  type GraphQLInterfaceType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
  isUnionType,
  parse,
  print,
} from 'graphql';
import { exampleVariables, type Refusal, refusals } from './graphiql-examples.js';

/** Where the error reference is, beside GraphiQL. */
export const errorsPath = '/errors';

/** One tab of GraphiQL; headers and variables are JSON. */
export interface Tab {
  readonly query: string;
  readonly variables: string;
  readonly headers: string;
}

/** The headers with which each root field can be asked in the demo; `*` is for the rest. */
export type DemoHeaders = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * The tabs that GraphiQL opens with: who is calling, every mutation with every member of its result, every
 * subscription, what a user can reach, the record of removals and grants, and some errors. Made from the schema, so that
 * no new error or field is forgotten.
 */
export function createTabs(schema: GraphQLSchema, demoHeaders: DemoHeaders): Tab[] {
  const [query, mutation] = [schema.getQueryType(), schema.getMutationType()];
  const subscription = schema.getSubscriptionType();
  const toTab = (operation: 'query' | 'mutation' | 'subscription', field: GraphQLField<unknown, unknown>): Tab => ({
    query: toDocument(operation, field),
    variables: toJson(exampleVariables[field.name]),
    headers: toJson(demoHeaders[field.name] ?? demoHeaders['*']),
  });
  const ofQuery = (name: string) => Object.values(query?.getFields() ?? {}).filter((field) => field.name === name);
  return [
    ...ofQuery('viewer').map((field) => toTab('query', field)),
    ...Object.values(mutation?.getFields() ?? {}).map((field) => toTab('mutation', field)),
    ...Object.values(subscription?.getFields() ?? {}).map((field) => toTab('subscription', field)),
    ...['user', 'accessChanges'].flatMap(ofQuery).map((field) => toTab('query', field)),
    ...refusals.flatMap((refusal) => toRefusalTab(refusal, schema, demoHeaders)),
  ];
}

function toRefusalTab(
  { error, mutation, headers, variables }: Refusal,
  schema: GraphQLSchema,
  demoHeaders: DemoHeaders,
): Tab[] {
  const field = schema.getMutationType()?.getFields()[mutation];
  const union = field && getNamedType(field.type);
  const member = isUnionType(union) ? union.getTypes().find(({ name }) => name.endsWith(error)) : undefined;
  if (!field || !member) {
    return [];
  }
  const query = toDocument('mutation', field, error, `{ __typename ${toMembers([member])} }`);
  return [{ query, variables: toJson(variables), headers: toJson(demoHeaders[headers]) }];
}

const toJson = (value: unknown) => (value === undefined ? '' : JSON.stringify(value, null, 2));

function toDocument(
  operation: string,
  field: GraphQLField<unknown, unknown>,
  name = field.name.charAt(0).toUpperCase() + field.name.slice(1),
  selection = toSelection(getNamedType(field.type), 'all'),
): string {
  const required = field.args.filter(isRequiredArgument);
  const declared = required.map(({ name, type }) => `$${name}: ${type}`).join(', ');
  const passed = required.map(({ name }) => `${name}: $${name}`).join(', ');
  const call = `${field.name}${inParentheses(passed)} ${selection}`;
  return withNote(print(parse(`${operation} ${name}${inParentheses(declared)} { ${call} }`)));
}

/** Tells, at what all errors share, where to read what each of them means. */
const withNote = (document: string) =>
  document.replace(/^( *)(?=\.\.\. on \w*AccessError \{)/m, `$1# What each error means: ${errorsPath}\n$1`);

const inParentheses = (text: string) => (text ? `(${text})` : '');

/** How much of a type is shown: everything, or only what tells one entity from another. */
type Extent = 'all' | 'summary';

function toSelection(type: GraphQLNamedType, extent: Extent): string {
  if (isUnionType(type)) {
    return `{ __typename ${toMembers(type.getTypes())} }`;
  }
  const fields = isObjectType(type) || isInterfaceType(type) ? toFields(type, extent) : [];
  return `{ ${fields.length > 0 ? fields.join(' ') : '__typename'} }`;
}

/** Every member by name: the successes, what all errors share, and what is each error's own. */
function toMembers(members: readonly GraphQLObjectType[]): string {
  const shared = members
    .flatMap((member) => member.getInterfaces())
    .find((one) => Object.hasOwn(one.getFields(), 'code'));
  const isError = (member: GraphQLObjectType) => shared !== undefined && member.getInterfaces().includes(shared);
  const common = Object.keys(shared?.getFields() ?? {});
  const spread = (name: string, fields: readonly string[]) => `... on ${name} { ${fields.join(' ')} }`;
  const ofError = (error: GraphQLObjectType) => {
    const own = Object.values(error.getFields()).filter(({ name }) => !common.includes(name));
    return spread(error.name, own.length > 0 ? own.map((field) => toField(field)) : ['code']);
  };
  return [
    ...members
      .filter((member) => !isError(member))
      .map((member) => `... on ${member.name} ${toSelection(member, 'all')}`),
    ...(shared ? [spread(shared.name, common)] : []),
    ...members.filter(isError).map(ofError),
  ].join(' ');
}

const summary = ['id', 'login', 'name', 'state', 'expiresAt'];
const isEntity = (type: GraphQLObjectType | GraphQLInterfaceType) => Object.hasOwn(type.getFields(), 'id');

function toFields(type: GraphQLObjectType | GraphQLInterfaceType, extent: Extent): string[] {
  const fields = Object.values(type.getFields()).filter(({ args }) => !args.some((one) => isRequiredArgument(one)));
  if (extent === 'summary' && isEntity(type)) {
    return fields.map(({ name }) => name).filter((name) => summary.includes(name));
  }
  const shown = fields.filter(({ name }) => name !== 'pageInfo' && name !== 'cursor');
  // A list that was asked for itself shows its entities whole.
  return shown.map((field) => toField(field, ['edges', 'node'].includes(field.name) ? extent : 'summary'));
}

// Entities within a result are summed up, which ends the descent: every way around the graph leads through one.
function toField({ name, type }: GraphQLField<unknown, unknown>, extent: Extent = 'summary'): string {
  const named = getNamedType(type);
  return isLeafType(named) ? name : `${name} ${toSelection(named, extent)}`;
}
