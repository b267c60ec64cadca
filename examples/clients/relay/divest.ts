// What relay-compiler reads; its artefacts are in generated/. With babel-plugin-relay (or SWC's) these stand beside
// the code that uses them. Without it the tag must not run, so nothing imports this file.
import { graphql } from 'relay-runtime';

graphql`
  query divestUserQuery($by: UserReference!, $count: Int!) {
    user(by: $by) {
      id
      ...divestProjects_user @arguments(count: $count)
    }
  }
`;

// A user's projects, page by page; relay-compiler makes the query of a page, by node(id:).
graphql`
  fragment divestProjects_user on User
  @refetchable(queryName: "divestProjectsPageQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 50 }, cursor: { type: "String" }) {
    login
    projects(first: $count, after: $cursor) @connection(key: "divest_projects") {
      edges {
        role
        node {
          id
          name
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`;

// @alias: an error is read by its own name, null where the result is none. Relay asks the gateway which members are
// errors, so this works for those that are newer than the compiled schema too.
graphql`
  mutation divestUnassignMutation($input: UnassignUserFromProjectInput!) {
    unassignUserFromProject(input: $input) {
      __typename
      ... on UnassignUserFromProjectSuccess @alias(as: "success") {
        applied
        sessionEffect
        user {
          login
          ...divestProjects_user
        }
      }
      ... on LastProjectError @alias(as: "lastProject") {
        project {
          name
        }
      }
      ... on UpstreamError @alias(as: "upstream") {
        system
        outcomeUnknown
      }
      ...divestError @alias(as: "error")
    }
  }
`;

graphql`
  fragment divestError on AccessError @inline {
    code
    message
    traceId
  }
`;
