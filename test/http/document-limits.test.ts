import { buildClientSchema, getIntrospectionQuery, type IntrospectionQuery } from 'graphql';
import { describe, expect, it } from 'vitest';
import { documentLimits } from '../../src/http/document-limits.js';
import { ask, createSmallGateway } from './small-gateway.js';

const gateway = createSmallGateway();
const times = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => text(i)).join(' ');
const code = async (document: string) => {
  const { status, body } = await ask(gateway, document);
  return [status, body.errors?.[0]?.extensions.code ?? null];
};
const nested = (depth: number) => `{ user ${'{ friend '.repeat(depth - 2)}{ id } ${'} '.repeat(depth - 2)} }`;

describe('a document', () => {
  it('may have 1,000 tokens, and not one more', async () => {
    // `{ colors(of: [ … ]) }` makes the other nine.
    const list = (tokens: number) => `{ colors(of: [${times(tokens - 9, () => 'RED')}]) }`;
    expect(await code(list(1000))).toEqual([200, null]);
    expect(await code(list(1001))).toEqual([400, 'DOCUMENT_TOO_LONG']);
  });

  it('of thousands of nested braces is refused like any other that is too long', async () => {
    expect(await code('{a'.repeat(3000))).toEqual([400, 'DOCUMENT_TOO_LONG']);
  });

  it('that is too long is refused with 400 also where the caller accepts application/json', async () => {
    const { status } = await ask(gateway, '{a'.repeat(3000), { headers: { accept: 'application/json' } });
    expect(status).toBe(400);
  });

  it('may be 12 deep, and not deeper', async () => {
    expect(await code(nested(documentLimits.depth))).toEqual([200, null]);
    expect(await code(nested(documentLimits.depth + 1))).toEqual([400, 'DOCUMENT_TOO_DEEP']);
  });

  it('is as deep as its fragments make it', async () => {
    const fragments = (count: number) => times(count, (i) => `fragment F${i} on User { friend { ...F${i + 1} } }`);
    const document = (count: number) => `{ user { ...F0 } } ${fragments(count)} fragment F${count} on User { id }`;
    expect(await code(document(documentLimits.depth - 2))).toEqual([200, null]);
    expect(await code(document(documentLimits.depth - 1))).toEqual([400, 'DOCUMENT_TOO_DEEP']);
  });

  it('may have 15 root fields, and not one more, wherever they are written', async () => {
    const roots = (count: number) => times(count, (i) => `a${i}: viewer { name }`);
    expect(await code(`{ ${roots(15)} }`)).toEqual([200, null]);
    expect(await code(`{ ${roots(16)} }`)).toEqual([400, 'TOO_MANY_ROOT_FIELDS']);
    expect(await code(`{ ...F ... { ${roots(8)} } } fragment F on Query { ${roots(8)} }`)).toEqual([
      400,
      'TOO_MANY_ROOT_FIELDS',
    ]);
  });

  it('may have 30 aliases, and not one more, those of __typename counted', async () => {
    const aliases = (count: number) => times(count, (i) => `a${i}: ${i % 2 ? '__typename' : 'name'}`);
    expect(await code(`{ viewer { ${aliases(30)} } }`)).toEqual([200, null]);
    expect(await code(`{ viewer { ${aliases(31)} } }`)).toEqual([400, 'TOO_MANY_ALIASES']);
    const spread = `{ viewer { ...F user { ...G } } } fragment F on Viewer { ${aliases(16)} } fragment G on User { ${aliases(16)} }`;
    expect(await code(spread)).toEqual([400, 'TOO_MANY_ALIASES']);
  });

  it('counts aliases of a fragment wherever it is spread', async () => {
    const document = (spreads: number) =>
      `{ user { ${times(spreads, () => 'friend { ...F }')} } } fragment F on User { ${times(10, (i) => `a${i}: name`)} }`;
    expect(await code(document(3))).toEqual([200, null]);
    expect(await code(document(4))).toEqual([400, 'TOO_MANY_ALIASES']);
  });

  it('whose operations are not all within the limits is refused, whichever is asked for', async () => {
    const document = `query A { viewer { name } } query B ${nested(documentLimits.depth + 1)}`;
    const { status } = await ask(gateway, document);
    expect(status).toBe(400);
  });

  it.each([
    ['a fragment that spreads itself', 'fragment F on User { friend { ...F } }'],
    ['fragments that spread each other', 'fragment F on User { ...G } fragment G on User { friend { ...F } }'],
  ])('with %s is refused by validation', async (_what, fragments) => {
    expect(await code(`{ user { ...F } } ${fragments}`)).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
  });

  it('whose fragments grow exponentially costs no more than its length', async () => {
    const last = 45;
    const fragments = times(
      last,
      (i) => `fragment F${i} on User { x${i}: friend { ...F${i + 1} } friend { ...F${i + 1} ...F${i + 1} } }`,
    );
    const start = performance.now();
    expect(await code(`{ user { ...F0 } } ${fragments} fragment F${last} on User { id }`)).toEqual([
      400,
      'TOO_MANY_ALIASES',
    ]);
    expect(performance.now() - start).toBeLessThan(500);
  });

  it('that spreads one fragment hundreds of times costs no more than its length', async () => {
    const start = performance.now();
    const document = `{ user { ${times(320, () => '...F0')} } } fragment F0 on User { friend { ...F1 } } fragment F1 on User { id }`;
    expect(await code(document)).toEqual([200, null]);
    expect(performance.now() - start).toBeLessThan(500);
  });

  it('full of conflicting fields is validated in less than a second', async () => {
    const before = process.cpuUsage();
    const document = `{ user { ${times(105, (i) => `friend { role(id: ${i}) }`)} } }`;
    expect(await code(document)).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
    // Of processor time: whatever else the machine does.
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000);
  });

  it('has at most 5 validation errors', async () => {
    const { body } = await ask(gateway, `{ ${times(12, (i) => `no${i}`)} }`);
    expect(body.errors).toHaveLength(5);
  });

  it('has at most 5 errors about its variables', async () => {
    const { status, body } = await ask(gateway, 'query ($of: [Color!]) { colors(of: $of) }', {
      variables: { of: Array(30_000).fill('BLUE') },
    });
    expect([status, body.errors.length, body.errors[0].extensions.code]).toEqual([400, 5, 'BAD_USER_INPUT']);
  });
});

describe('the introspection query', () => {
  const everything = {
    schemaDescription: true,
    specifiedByUrl: true,
    directiveIsRepeatable: true,
    inputValueDeprecation: true,
    oneOf: true,
  };

  it('of tools passes with all its options, and makes a schema', async () => {
    const { status, body } = await ask(gateway, getIntrospectionQuery(everything));
    expect(status).toBe(200);
    expect(buildClientSchema(body.data as IntrospectionQuery).getType('RemoveResult')).toBeDefined();
  });

  it('may not be nested without end', async () => {
    const chain = `{ __type(name: "User") ${'{ ofType '.repeat(30)}{ name }${' }'.repeat(30)} }`;
    expect(await code(chain)).toEqual([400, 'DOCUMENT_TOO_DEEP']);
    const circle =
      '{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }';
    expect(await code(circle)).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
  });
});
