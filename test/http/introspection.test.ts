import { getIntrospectionQuery } from 'graphql';
import { describe, expect, it } from 'vitest';
import { ask, createSmallGateway } from './small-gateway.js';

const good = { authorization: 'Bearer good' };
const wrong = { authorization: 'Bearer wrong' };
const typo = '{ viewer { nam } }';
const wrongEnum = { variables: { of: ['REDD'] } };
const enumQuery = 'query ($of: [Color!]) { colors(of: $of) }';

describe.each([
  ['on', { anonymous: true, known: true }],
  ['authenticated', { anonymous: false, known: true }],
  ['off', { anonymous: false, known: false }],
] as const)('introspection %s', (introspection, open) => {
  const gateway = createSmallGateway({ config: { introspection } });

  it.each([
    ['nobody known', {}, open.anonymous],
    ['a known caller', good, open.known],
  ])(`answers ${'%s'} as the setting says`, async (_who, headers, isOpen) => {
    for (const document of [
      getIntrospectionQuery(),
      '{ __type(name: "User") { name } }',
      '{ ...F } fragment F on Query { __schema { __typename } }',
    ]) {
      const { status, body } = await ask(gateway, document, { headers });
      expect(status).toBe(isOpen ? 200 : 400);
      expect(Boolean(body.data)).toBe(isOpen);
    }
  });

  it.each([
    ['nobody known', {}, open.anonymous],
    ['a known caller', good, open.known],
  ])(`gives ${'%s'} hints at the schema only where it is open`, async (_who, headers, isOpen) => {
    // The same document from the other caller first: what was told to one must not be kept for the other.
    await ask(gateway, typo, { headers: headers === good ? {} : good });
    const invalid = await ask(gateway, typo, { headers });
    const coerced = await ask(gateway, enumQuery, { headers, ...wrongEnum });
    expect(JSON.stringify(invalid.body)).toContain('Cannot query field');
    expect(JSON.stringify(coerced.body)).toContain('does not exist in');
    expect(JSON.stringify(invalid.body).includes('Did you mean')).toBe(isOpen);
    expect(JSON.stringify(coerced.body).includes('Did you mean')).toBe(isOpen);
  });

  it('always answers __typename', async () => {
    expect((await ask(gateway, '{ __typename viewer { __typename } }')).body.data).toEqual({
      __typename: 'Query',
      viewer: { __typename: 'Viewer' },
    });
  });

  it('answers nothing to a wrong credential', async () => {
    const { body } = await ask(gateway, '{ __schema { __typename } }', { headers: wrong });
    expect(body.data).toBeUndefined();
  });
});
