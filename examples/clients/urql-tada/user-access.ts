import type { Client } from '@urql/core';
import type { ResultOf } from 'gql.tada';
import { graphql } from './graphql.js';

const document = graphql(`
  query UserAccess($by: UserReference!) {
    user(by: $by) {
      id
      projects { edges { role node { id name } } }
      resources { edges { direct node { id name } roles { id name } } }
    }
  }
`);

/** What a user reaches, and through what; null where there is no such user. Throws where the query failed. */
export async function findUserAccess(client: Client, login: string): Promise<ResultOf<typeof document>['user']> {
  const { data, error } = await client.query(document, { by: { login } });
  if (error) {
    throw error;
  }
  return data?.user ?? null;
}
