import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { printSubgraph } from '../../src/federation/subgraph.js';
import { credentials, type Headers, openTestGateway, type TestGateway } from '../support/gateway.js';

const known = credentials.plainUserKey;

describe.each([
  ['on', { anonymous: true, known: true }],
  ['authenticated', { anonymous: false, known: true }],
  ['off', { anonymous: false, known: false }],
] as const)('_service where introspection is %s', (introspection, open) => {
  let test: TestGateway;
  beforeAll(async () => {
    test = await openTestGateway('embedded', { INTROSPECTION: introspection, RATE_LIMIT_PER_MINUTE: '1' });
  });
  afterAll(() => test.close());

  const ask = (headers: Headers) => test.ask('{ _service { sdl } }', {}, headers);

  it.each([
    ['nobody known', credentials.none, open.anonymous, 'UNAUTHENTICATED'],
    ['a known caller', known, open.known, 'FORBIDDEN'],
  ])('is open to %s as introspection is', async (_who, headers, isOpen, code) => {
    const { data, errors } = await ask(headers);
    expect(errors?.[0]?.extensions?.['code']).toBe(isOpen ? undefined : code);
    expect(JSON.stringify(data ?? null).includes('specs.apollo.dev')).toBe(isOpen);
  });

  it('answers nothing to a wrong credential', async () => {
    const { data, errors } = await ask({ 'X-API-Key': 'wrong' });
    expect(data).toBeUndefined();
    expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
  });

  it.runIf(open.known)('takes nothing from the caller’s allowance', async () => {
    for (let n = 0; n < 3; n++) {
      expect((await ask(known)).errors).toBeUndefined();
    }
    expect((await test.ask('{ viewer { credential } }', {}, known)).errors).toBeUndefined();
  });
});

it('_service answers the subgraph, with the type prefix of the gateway', async () => {
  const test = await openTestGateway('embedded', { SCHEMA_TYPE_PREFIX: 'Acme' });
  const { data } = await test.ask('{ _service { sdl } }', {}, {});
  await test.close();
  expect(data).toEqual({ _service: { sdl: printSubgraph(test.gateway.schema) } });
  expect(JSON.stringify(data)).toContain('type AcmeNotFoundError implements AcmeAccessError @shareable');
});

it('a gateway with a type prefix finds entities by the names that they keep', async () => {
  const test = await openTestGateway('embedded', { SCHEMA_TYPE_PREFIX: 'Acme' });
  const document = `{ _entities(representations: [{ __typename: "User", id: "user_nina" }]) {
    __typename ... on User { login projects { __typename } }
  } }`;
  const answer = await test.ask(document, {}, credentials.management);
  await test.close();
  expect(answer.data).toEqual({
    _entities: [
      { __typename: 'User', login: 'nina@demo.test', projects: { __typename: 'AcmeUserProjectsConnection' } },
    ],
  });
});
