import { ApolloClient, gql, HttpLink, InMemoryCache, setLogVerbosity } from '@apollo/client/core';
import { Client, cacheExchange, fetchExchange } from '@urql/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import possibleTypes from '../../artefacts/possibleTypes.json' with { type: 'json' };
import { createClient as createApolloClient } from '../../examples/clients/apollo-codegen/client.js';
import { UnassignUserFromProjectDocument } from '../../examples/clients/apollo-codegen/generated/graphql.js';
import { createEnvironment } from '../../examples/clients/relay/environment.js';
import { fetchProjects, refetchProjects } from '../../examples/clients/relay/user-projects.js';
import { createClient as createUrqlClient } from '../../examples/clients/urql-tada/client.js';
import { findUserAccess } from '../../examples/clients/urql-tada/user-access.js';
import { bearer, credentials, type Headers } from '../support/gateway.js';
import { type ServedDemo, serveDemo } from './served-demo.js';

const vera = 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl';

describe('what docs/clients.md says of', () => {
  let demo: ServedDemo;
  let administrator: Headers;

  beforeAll(async () => {
    demo = await serveDemo();
    administrator = await bearer();
  });
  afterAll(() => demo.close());

  describe('Relay', () => {
    it('pages through a connection in the store, one entry at a time', async () => {
      const environment = createEnvironment({ url: demo.url, headers: administrator });
      const user = await fetchProjects(environment, 'vera@demo.test', 1);
      expect(user?.projects.edges).toMatchObject([
        { role: 'EDITOR', node: { id: 'proj_TrlkLiH4', name: 'Summer' } },
        { role: 'VIEWER', node: { id: 'proj_winter', name: 'Winter' } },
      ]);
      expect(user?.projects.pageInfo.hasNextPage).toBe(false);
    });

    it('fetches a user again by its id, through node', async () => {
      const environment = createEnvironment({ url: demo.url, headers: administrator });
      expect(await refetchProjects(environment, vera)).toMatchObject({ login: 'vera@demo.test' });
      expect(await refetchProjects(environment, 'user_nobody')).toBeNull();
      expect(await fetchProjects(environment, 'nobody@demo.test', 1)).toBeNull();
    });
  });

  describe('urql', () => {
    const query = '{ viewer { credential } }';
    const ask = (options: { preferGetMethod?: false; headers?: Headers }) => {
      const { headers, ...given } = options;
      const fetchOptions = { headers: { ...administrator, ...headers } };
      const exchanges = [cacheExchange, fetchExchange];
      return new Client({ url: demo.url, fetchOptions, exchanges, ...given }).query(query, {}).toPromise();
    };

    it('asks by GET unless told otherwise, which needs a header', async () => {
      const { data, error } = await ask({});
      expect([data, error?.response?.status]).toEqual([undefined, 403]);
      expect(await ask({ headers: { 'Apollo-Require-Preflight': 'true' } })).toMatchObject({
        data: { viewer: { credential: 'BEARER' } },
      });
      expect(await ask({ preferGetMethod: false })).toMatchObject({ data: { viewer: { credential: 'BEARER' } } });
    });

    it('reads what a user reaches', async () => {
      const client = createUrqlClient({ url: demo.url, headers: administrator });
      const access = await findUserAccess(client, 'rob@demo.test');
      expect(access?.resources.edges.map(({ node, direct }) => [node.id, direct])).toEqual([
        ['res_database', false],
        ['res_reports', false],
        ['res_servers', true],
      ]);
      expect(await findUserAccess(client, 'nobody@demo.test')).toBeNull();
    });
  });

  describe('Apollo Client', () => {
    const refusal = async (known: Record<string, string[]>) => {
      const client = createApolloClient({ url: demo.url, headers: credentials.management, possibleTypes: known });
      const input = { projectId: 'proj_TrlkLiH4', user: { id: 'user_nina' } };
      const { data } = await client.mutate({ mutation: UnassignUserFromProjectDocument, variables: { input } });
      return data?.unassignUserFromProject;
    };

    it('may ask by GET without a header of its own', async () => {
      const link = new HttpLink({ uri: demo.url, headers: administrator, useGETForQueries: true });
      const client = new ApolloClient({ link, cache: new InMemoryCache() });
      const query = gql`
        query {
          viewer {
            credential
          }
        }
      `;
      expect(await client.query({ query })).toMatchObject({ data: { viewer: { credential: 'BEARER' } } });
    });

    it('reads what all errors have only where possibleTypes tells which they are', async () => {
      expect(await refusal(possibleTypes)).toMatchObject({
        __typename: 'UserNotAssignedError',
        message: expect.stringMatching('not assigned'),
      });
      // Apollo warns of it in development.
      setLogVerbosity('silent');
      expect(await refusal({})).not.toHaveProperty('message');
    });
  });
});
