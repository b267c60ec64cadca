import { login, otherRoleId, roleId, userId } from './directory.js';

/** How an operation is asked for. */
interface Way {
  readonly path: string;
  /** The body of the request with this number. */
  body(index: number): string;
  /** A part that every good answer has. */
  readonly expected: string;
}

/** One thing that every contestant can be asked for: as GraphQL, or as the floor takes it. */
export interface Operation {
  readonly name: string;
  readonly graphql: Way;
  readonly floor: Way;
  /** Every request takes something away that can't be taken twice. */
  readonly isConsuming: boolean;
  /** What of the floor is to be reached at least, in requests per second; null where there is no such aim. */
  readonly target: number | null;
}

const unassign = `mutation ($input: UnassignUserFromRoleInput!) {
  unassignUserFromRole(input: $input) {
    __typename
    ... on UnassignUserFromRoleSuccess {
      applied sessionEffect canStartSession user { id } role { id } revocation { id state }
    }
    ... on AccessError { code message }
  }
}`;

const userWithAll = `query ($login: String!) {
  user(by: { login: $login }) {
    id login name
    projects(first: 50) { edges { role node { id name } } }
    roles(first: 50) { edges { node { id name } } }
    resources(first: 50) { edges { direct node { id name } roles { id } } }
  }
}`;

const page = `{
  users(first: 50) {
    pageInfo { hasNextPage endCursor }
    edges { node { id login roles(first: 10) { edges { node { name } } } } }
  }
}`;

const graphql = (query: string, expected: string, toVariables: (index: number) => object = () => ({})): Way => ({
  ...{ path: '/graphql', expected, body: (index) => JSON.stringify({ query, variables: toVariables(index) }) },
});
const floor = (path: string, expected: string, toInput: (index: number) => object = () => ({})): Way => ({
  ...{ path, expected, body: (index) => JSON.stringify(toInput(index)) },
});

/** What is measured, on a directory of so many users. */
export function operationsOn(users: number): readonly Operation[] {
  const assigned = (index: number) => ({
    ...{ user: index % users, role: roleId(index % users, Math.floor(index / users) % 5) },
  });
  const notAssigned = (index: number) => ({ user: index % users, role: otherRoleId(index % users) });
  const asGraphql = ({ user, role }: ReturnType<typeof assigned>) => ({
    input: { roleId: role, user: { id: userId(user) } },
  });
  const asFloor = ({ user, role }: ReturnType<typeof assigned>) => ({ roleId: role, userId: userId(user) });
  const anyLogin = (index: number) => ({ login: login((index * 7919) % users) });
  return [
    {
      ...{ name: 'unassignUserFromRole', isConsuming: true, target: 0.8 },
      graphql: graphql(unassign, '"applied":true', (index) => asGraphql(assigned(index))),
      floor: floor('/unassign', '"applied":true', (index) => asFloor(assigned(index))),
    },
    {
      ...{ name: 'the same, not assigned', isConsuming: false, target: 0.8 },
      graphql: graphql(unassign, '"code":"NOT_ASSIGNED"', (index) => asGraphql(notAssigned(index))),
      floor: floor('/unassign', '"code":"NOT_ASSIGNED"', (index) => asFloor(notAssigned(index))),
    },
    {
      ...{ name: 'user with projects, roles and resources', isConsuming: false, target: 0.5 },
      graphql: graphql(userWithAll, '"login":"user.', anyLogin),
      floor: floor('/user', '"login":"user.', anyLogin),
    },
    {
      ...{ name: 'page of 50 users with their roles', isConsuming: false, target: 0.6 },
      graphql: graphql(page, '"hasNextPage":true'),
      floor: floor('/users', '"hasNextPage":true'),
    },
    {
      ...{ name: '{ __typename }', isConsuming: false, target: 0.8 },
      graphql: graphql('{ __typename }', '"__typename":"Query"'),
      floor: floor('/nothing', '"__typename":"Query"'),
    },
    {
      ...{ name: '{ __typename }, where the floor asks nobody who is let in', isConsuming: false, target: null },
      graphql: graphql('{ __typename }', '"__typename":"Query"'),
      floor: floor('/unasked', '"__typename":"Query"'),
    },
  ];
}
