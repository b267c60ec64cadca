/** Entries that a list shows before it is asked for more. */
const pageSize = 50;

const page = 'totalCount pageInfo { hasNextPage endCursor }';

/** The lists of the access map, and what is shown of each entry. */
const accessLists = {
  projects: `projects(first: ${pageSize}, after: $after) { ${page} edges { role node { id name } } }`,
  roles: `roles(first: ${pageSize}, after: $after) { ${page} edges { node { id name description } } }`,
  resources: `resources(first: ${pageSize}, after: $after) {
    ${page} edges { direct roles { id name } node { id name } }
  }`,
  sessions: `sessions(first: ${pageSize}, after: $after) { ${page} edges { node { id startedAt expiresAt } } }`,
} as const;

export type AccessList = keyof typeof accessLists;

const person = 'id login name active orgAdmin globalRoles canStartSession';

const errorFields = {
  InvalidInputError: 'issues { path message }',
  PaymentRequiredError: 'feature',
  ForbiddenError: 'requires',
  NotFoundError: 'resourceType resourceId',
  LastProjectError: 'project { id name }',
  RateLimitedError: 'retryAfterSeconds',
  UpstreamError: 'system outcomeUnknown upstreamTraceId revocation { id state }',
} as const;

type ErrorWithFields = keyof typeof errorFields;

const everyRemoval: readonly ErrorWithFields[] = [
  'InvalidInputError',
  'PaymentRequiredError',
  'ForbiddenError',
  'NotFoundError',
  'RateLimitedError',
  'UpstreamError',
];

const kept = `first: ${pageSize}`;

const removals = {
  unassignUserFromProject: {
    errors: [...everyRemoval, 'LastProjectError'],
    facts: `project { id name } user { projects(${kept}) { ${page} edges { role node { id name } } } }`,
  },
  unassignUserFromRole: {
    errors: everyRemoval,
    facts: `role { id name }
      lostResources(${kept}) { ${page} edges { node { id name } } }
      keptResources(${kept}) { ${page} edges { direct roles { id name } node { id name } } }`,
  },
  removeGlobalRole: { errors: everyRemoval, facts: 'globalRole remainingGlobalRoles' },
} as const satisfies Record<string, { errors: readonly ErrorWithFields[]; facts: string }>;

export type RemovalField = keyof typeof removals;

/**
 * Every document that the console sends. `prefix` is what the gateway puts before the name of each type that is not an
 * entity (SCHEMA_TYPE_PREFIX): the documents of a gateway without one would not fit its schema.
 */
export function createDocuments(prefix: string) {
  const on = (type: string, fields: string) => `... on ${prefix}${type} { ${fields} }`;

  const removal = (field: RemovalField) => {
    const name = field.charAt(0).toUpperCase() + field.slice(1);
    const { errors, facts } = removals[field];
    const success =
      'applied sessionEffect canStartSession sessions { id expiresAt } revocation { id settledAt traceId }';
    return `mutation ${name}($input: ${prefix}${name}Input!) {
      ${field}(input: $input) {
        __typename
        ${on('RevocationSuccess', success)}
        ${on(`${name}Success`, facts)}
        ${on('AccessError', 'code message httpStatus retryable traceId')}
        ${errors.map((error) => on(error, errorFields[error])).join(' ')}
      }
    }`;
  };

  return {
    viewer: 'query Viewer { viewer { credential organization { id name } user { id login name } permissions } }',
    users: `query Users($search: String, $after: String) {
      users(first: ${pageSize}, after: $after, filter: { search: $search }) {
        ${page} edges { node { id login name active } }
      }
    }`,
    accessMap: `query AccessMap($id: ID!, $after: String) {
      user(by: { id: $id }) { ${person} ${Object.values(accessLists).join(' ')} }
    }`,
    accessList: (list: AccessList) =>
      `query AccessList($id: ID!, $after: String) { user(by: { id: $id }) { ${accessLists[list]} } }`,
    accessChanges: `query AccessChanges($userId: ID, $state: ${prefix}RevocationState, $after: String) {
      accessChanges(first: ${pageSize}, after: $after, filter: { userId: $userId, state: $state }) {
        ${page}
        edges {
          node {
            id kind state code system actor reason requestedAt requestedUser requestedTarget traceId globalRole
            user { id login name } project { id name } role { id name } resource { id name }
          }
        }
      }
    }`,
    removal,
    /** The name of a type as this console knows it. */
    typeName: (name: string) => (name.startsWith(prefix) ? name.slice(prefix.length) : name),
  };
}

export type Documents = ReturnType<typeof createDocuments>;
