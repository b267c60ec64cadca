import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
  isUnionType,
  parse,
  print,
} from 'graphql';

/** One tab of GraphiQL; headers and variables are JSON. */
export interface Tab {
  readonly query: string;
  readonly variables: string;
  readonly headers: string;
}

/** The headers with which each root field can be asked in the demo; `*` is for the rest. */
export type DemoHeaders = Readonly<Record<string, Readonly<Record<string, string>>>>;

const rob = 'user_770e8400-e29b-41d4-a716-446655440003';

// They fit the demo organization, whose ids are those of the three REST documents.
const exampleVariables: Readonly<Record<string, unknown>> = {
  unassignUserFromProject: {
    input: {
      projectId: 'proj_TrlkLiH4',
      user: { id: 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl' },
      reason: 'Left the project',
      dryRun: false,
    },
  },
  unassignUserFromRole: {
    input: {
      roleId: 'role_550e8400-e29b-41d4-a716-446655440000',
      user: { id: rob },
      reason: 'Moved to another team',
      dryRun: false,
    },
  },
  removeGlobalRole: {
    input: {
      user: { id: 'user_5ce7c2d833ea1e04d7e6c432' },
      role: 'USER_MANAGER',
      reason: 'Moved to another team',
      dryRun: false,
    },
  },
  endSession: { input: { sessionId: 'sess_demo-3' } },
  user: { by: { id: rob } },
};

/**
 * The tabs that GraphiQL opens with: who is calling, every mutation with every member of its result, what a user can
 * reach, and the record of removals. Made from the schema, so that no new error or field is forgotten.
 */
export function createTabs(schema: GraphQLSchema, demoHeaders: DemoHeaders): Tab[] {
  const [query, mutation] = [schema.getQueryType(), schema.getMutationType()];
  const toTab = (operation: 'query' | 'mutation', field: GraphQLField<unknown, unknown>): Tab => ({
    query: toDocument(operation, field),
    variables: toJson(exampleVariables[field.name]),
    headers: toJson(demoHeaders[field.name] ?? demoHeaders['*']),
  });
  const ofQuery = (name: string) => Object.values(query?.getFields() ?? {}).filter((field) => field.name === name);
  return [
    ...ofQuery('viewer').map((field) => toTab('query', field)),
    ...Object.values(mutation?.getFields() ?? {}).map((field) => toTab('mutation', field)),
    ...['user', 'revocations'].flatMap(ofQuery).map((field) => toTab('query', field)),
  ];
}

const toJson = (value: unknown) => (value === undefined ? '' : JSON.stringify(value, null, 2));

function toDocument(operation: string, field: GraphQLField<unknown, unknown>): string {
  const required = field.args.filter(isRequiredArgument);
  const declared = required.map(({ name, type }) => `$${name}: ${type}`).join(', ');
  const passed = required.map(({ name }) => `${name}: $${name}`).join(', ');
  const name = field.name.charAt(0).toUpperCase() + field.name.slice(1);
  const call = `${field.name}${inParentheses(passed)} ${toSelection(getNamedType(field.type), 'all')}`;
  return print(parse(`${operation} ${name}${inParentheses(declared)} { ${call} }`));
}

const inParentheses = (text: string) => (text ? `(${text})` : '');

/** How much of a type is shown: everything, or only what tells one entity from another. */
type Extent = 'all' | 'summary';

function toSelection(type: GraphQLNamedType, extent: Extent): string {
  if (isUnionType(type)) {
    return `{ __typename ${toMembers(type.getTypes())} }`;
  }
  const fields = isObjectType(type) ? toFields(type, extent) : [];
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
const isEntity = (type: GraphQLObjectType) => Object.hasOwn(type.getFields(), 'id');

function toFields(type: GraphQLObjectType, extent: Extent): string[] {
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
