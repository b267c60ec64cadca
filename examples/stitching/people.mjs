import { stitchingDirectives } from '@graphql-tools/stitching-directives';
import { createSchema } from 'graphql-yoga';

/** The other service: it knows where people work, and of Divest no more than the ids of its users. */
const departments = {
  user_ada: 'Platform',
  user_nina: 'Sales',
  'user_770e8400-e29b-41d4-a716-446655440003': 'Operations',
};

export const peopleSchema = createSchema({
  typeDefs: `
    ${stitchingDirectives().stitchingDirectivesTypeDefs}
    type Query {
      staff: [User]!
      staffByIds(ids: [ID!]!): [User]! @merge(keyField: "id")
    }
    type User { id: ID! department: String }
  `,
  resolvers: {
    Query: {
      staff: () => Object.keys(departments).map((id) => ({ id })),
      staffByIds: (_root, { ids }) => ids.map((id) => ({ id })),
    },
    User: { department: ({ id }) => departments[id] ?? null },
  },
});
