import { ApolloClient, HttpLink, InMemoryCache, type PossibleTypesMap } from '@apollo/client/core';

interface ClientParts {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Which types implement which interfaces: the shipped artefacts/possibleTypes.json. Without it `... on AccessError` is empty. */
  readonly possibleTypes: PossibleTypesMap;
}

/** A client whose cache knows every `AccessError`. Its requests are POST, which the gateway takes as they are. */
export function createClient({ url, headers, possibleTypes }: ClientParts): ApolloClient {
  return new ApolloClient({
    link: new HttpLink({ uri: url, headers }),
    cache: new InMemoryCache({ possibleTypes }),
  });
}
