import type { Definition } from './subgraph-server.js';

/** Knows where people work, and asks Divest who they are. One of them is nobody that Divest knows. */
export const people: Definition = {
  name: 'people',
  typeDefs: `
    type Query { staff: [User]! crowd(size: Int!): [User]! }
    type User @key(fields: "id") { id: ID! department: String! }
  `,
  entities: 'User',
  resolvers: {
    User: { department: ({ id }: { id: string }) => `Department of ${id}` },
    Query: {
      staff: () => ['user_ada', 'user_nina', 'user_nobody', 'user_bo'].map((id) => ({ id })),
      crowd: (_root: unknown, { size }: { size: number }) =>
        Array.from({ length: size }, (_, n) => ({ id: `user_crowd-${n}` })),
      _entities: (_root: unknown, { representations }: { representations: readonly object[] }) => representations,
    },
    _Entity: { __resolveType: () => 'User' },
  },
};

/** Has a NotFoundError and a PageInfo of its own, which are not like Divest's. */
export const tickets: Definition = {
  name: 'tickets',
  typeDefs: `
    type Query { ticket(number: Int!): TicketResult! }
    union TicketResult = Ticket | NotFoundError
    type Ticket { number: Int! assignee: User }
    type NotFoundError { number: Int! hint: String! }
    type User @key(fields: "id", resolvable: false) { id: ID! }
  `,
  resolvers: {
    TicketResult: { __resolveType: ({ hint }: { hint?: string }) => (hint ? 'NotFoundError' : 'Ticket') },
    Query: {
      ticket: (_root: unknown, { number }: { number: number }) =>
        number === 1 ? { number, assignee: { id: 'user_ada' } } : { number, hint: 'There is only number 1.' },
    },
  },
};

/** Has the same PageInfo and the same NotFoundError as Divest, and says so. */
export const alike: Omit<Definition, 'resolvers'> = {
  name: 'alike',
  typeDefs: `
    type Query { pages: PageInfo! missing: NotFoundError }
    type PageInfo @shareable {
      hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String
    }
    type NotFoundError @shareable {
      code: String! message: String! httpStatus: Int! retryable: Boolean! traceId: ID!
      resourceType: ResourceType! resourceId: String!
    }
    enum ResourceType { USER PROJECT ROLE SESSION }
  `,
};
