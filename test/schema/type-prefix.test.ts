import { afterAll, beforeAll, expect, it } from 'vitest';
import { bearer, credentials, openTestGateway, type TestGateway } from '../support/gateway.js';

let test: TestGateway;
beforeAll(async () => {
  test = await openTestGateway('embedded', { SCHEMA_TYPE_PREFIX: 'Acme' });
});
afterAll(() => test.close());

const document = `mutation ($input: AcmeUnassignUserFromProjectInput!) {
  unassignUserFromProject(input: $input) {
    __typename
    ... on AcmeRevocationSuccess { applied user { __typename id } }
    ... on AcmeAccessError { code }
  }
}`;

it('a gateway with a type prefix answers the members of its unions under their new names', async () => {
  const send = (input: object) => test.ask(document, { input }, credentials.management);
  const projectId = 'proj_TrlkLiH4';
  const vera = 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl';
  expect(await send({ projectId, user: { id: vera }, dryRun: true })).toEqual({
    data: {
      unassignUserFromProject: {
        __typename: 'AcmeUnassignUserFromProjectSuccess',
        applied: false,
        user: { __typename: 'User', id: vera },
      },
    },
  });
  expect(await send({ projectId: 'proj_none', user: { id: vera } })).toEqual({
    data: { unassignUserFromProject: { __typename: 'AcmeNotFoundError', code: 'NOT_FOUND' } },
  });
});

it('a gateway with a type prefix still finds entities by their ids', async () => {
  const node = '{ node(id: "proj_winter") { __typename ... on Project { members(first: 1) { __typename } } } }';
  expect(await test.ask(node, {}, await bearer())).toEqual({
    data: { node: { __typename: 'Project', members: { __typename: 'AcmeProjectMembersConnection' } } },
  });
});
