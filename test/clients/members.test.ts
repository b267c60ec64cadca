import { readFileSync } from 'node:fs';
import {
  buildSchema,
  extendSchema,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isEnumType,
  isListType,
  isNonNullType,
  isUnionType,
  parse,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { type Served, serveSchema } from './served-demo.js';
import { examples } from './unassign.js';

const schema = buildSchema(readFileSync('schema.graphql', 'utf8'));

/** A gateway of some later version, with errors that the clients have never heard of. */
const laterSchema = extendSchema(
  schema,
  parse(`
    extend union UnassignUserFromProjectResult = LegalHoldError | ApprovalPending
    type LegalHoldError implements AccessError {
      code: String! message: String! httpStatus: Int! retryable: Boolean! traceId: ID!
    }
    type ApprovalPending { approver: String! }
  `),
);

function membersOf(of: GraphQLSchema): readonly GraphQLObjectType[] {
  const union = of.getType('UnassignUserFromProjectResult');
  return isUnionType(union) ? union.getTypes() : [];
}

const values: Readonly<Record<string, unknown>> = { String: 'text', ID: 'rev_1', Int: 1, Boolean: true };

/** Some value of a type; null where that may be. */
function toValue(type: GraphQLOutputType): unknown {
  if (!isNonNullType(type)) {
    return null;
  }
  const { ofType } = type;
  if (isListType(ofType)) {
    return [];
  }
  return isEnumType(ofType) ? ofType.getValues()[0]?.name : values[ofType.toString()];
}

function toAnswer(member: GraphQLObjectType) {
  const fields = Object.values(member.getFields()).map(({ name, type }) => [name, toValue(type)]);
  return { __typename: member.name, ...Object.fromEntries(fields) };
}

async function serveAnswer(of: GraphQLSchema, member: GraphQLObjectType): Promise<Served> {
  return serveSchema(of, { unassignUserFromProject: () => toAnswer(member) });
}

const removal = { projectId: 'proj_TrlkLiH4', user: { id: 'user_nina' } };

// The members come from the schema: one that is added later fails here until every example can tell what it means.
describe.each(examples)('what the example with %s makes of every answer', (name, unassign) => {
  const states = {
    UnassignUserFromProjectSuccess: 'done',
    ConflictError: 'unknown',
    InternalError: 'unknown',
    UpstreamError: 'unknown',
  };
  const expected = name === 'curl' ? { UnassignUserFromProjectSuccess: 'done' } : states;

  const failure = name === 'curl' ? { value: { state: 'refused' } } : { status: 'rejected' };

  it.each(membersOf(schema).map((member) => [member.name, member] as const))('%s', async (type, member) => {
    const server = await serveAnswer(schema, member);
    const outcome = await unassign({ url: server.url, headers: {} }, removal);
    await server.close();
    expect(outcome.state).toBe(expected[type as keyof typeof expected] ?? 'refused');
  });

  it.each(['LegalHoldError', 'ApprovalPending'])('%s of a later gateway is never taken for done', async (type) => {
    const member = laterSchema.getType(type) as GraphQLObjectType;
    const server = await serveAnswer(laterSchema, member);
    const outcome = await unassign({ url: server.url, headers: {} }, removal);
    await server.close();
    expect(outcome.state).toBe(name === 'curl' ? 'refused' : 'unknown');
    // Relay asks the gateway which members are errors, and so tells what the error says of itself.
    const told = name === 'Relay' && type === 'LegalHoldError' ? 'text' : type;
    expect(outcome.message).toContain(told);
  });

  it('an error in place of data is thrown, and not taken for done', async () => {
    const refuse = () => Promise.reject(new Error('no'));
    const server = await serveSchema(schema, { unassignUserFromProject: refuse });
    const [settled] = await Promise.allSettled([unassign({ url: server.url, headers: {} }, removal)]);
    await server.close();
    expect(settled).toMatchObject(failure);
  });

  it('a gateway that cannot be reached is thrown, and not taken for done', async () => {
    const server = await serveSchema(schema, {});
    await server.close();
    const [settled] = await Promise.allSettled([unassign({ url: server.url, headers: {} }, removal)]);
    expect(settled).toMatchObject(failure);
  });
});
