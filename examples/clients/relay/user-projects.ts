import {
  createOperationDescriptor,
  type Environment,
  fetchQuery,
  getSingularSelector,
  type SingularReaderSelector,
} from 'relay-runtime';
import fragment, {
  type divestProjects_user$data,
  type divestProjects_user$key,
} from './generated/divestProjects_user.graphql.js';
import pageQuery, { type divestProjectsPageQuery } from './generated/divestProjectsPageQuery.graphql.js';
import userQuery, { type divestUserQuery } from './generated/divestUserQuery.graphql.js';

type UserProjects = divestProjects_user$data;

/**
 * Fetches the projects of a user, `count` at a time, into one connection in the store, and answers all of them; null
 * where there is no such user. In a component, usePaginationFragment does the same for one page after the other.
 */
export async function fetchProjects(
  environment: Environment,
  login: string,
  count: number,
): Promise<UserProjects | null> {
  const variables = { by: { login }, count };
  const kept = environment.retain(createOperationDescriptor(userQuery, variables));
  try {
    const data = await fetchQuery<divestUserQuery>(environment, userQuery, variables).toPromise();
    return data?.user ? await fetchRest(environment, data.user, count) : null;
  } finally {
    kept.dispose();
  }
}

type User = divestProjects_user$key & { readonly id: string };

async function fetchRest(environment: Environment, user: User, count: number): Promise<UserProjects> {
  let read = readProjects(environment, user);
  while (read.projects.pageInfo.hasNextPage) {
    await fetchPage(environment, user.id, count, read.projects.pageInfo.endCursor ?? null);
    read = readProjects(environment, user);
  }
  return read;
}

/** Fetches a user again by its id, from the first page on: what a component's refetch does. Null where it is gone. */
export async function refetchProjects(environment: Environment, id: string): Promise<UserProjects | null> {
  const node = await fetchPage(environment, id, 50, null);
  return node ? readProjects(environment, node) : null;
}

async function fetchPage(environment: Environment, id: string, count: number, cursor: string | null) {
  const variables = { id, count, cursor };
  return (await fetchQuery<divestProjectsPageQuery>(environment, pageQuery, variables).toPromise())?.node ?? null;
}

function readProjects(environment: Environment, key: divestProjects_user$key): UserProjects {
  const selector = getSingularSelector(fragment, key) as SingularReaderSelector;
  return environment.lookup(selector).data as unknown as UserProjects;
}
