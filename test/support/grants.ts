import type { Headers, TestGateway } from './gateway.js';
import type { Answer } from './removals.js';

const shared = `
  __typename
  ... on GrantSuccess {
    applied canStartSession
    user { id globalRoles }
    grant { id kind state code actor reason requestedUser requestedTarget projectRole settledAt traceId system }
  }
  ... on AccessError { code message httpStatus retryable traceId }
  ... on InvalidInputError { issues { path message } }
  ... on NotFoundError { resourceType resourceId }
  ... on ForbiddenError { requires }
  ... on PaymentRequiredError { feature }
  ... on UpstreamError { system outcomeUnknown grant { id state } revocation { id } }`;

const ofSuccess = {
  assignUserToProject: ['AssignUserToProject', 'project { id }'],
  assignUserToRole: ['AssignUserToRole', 'role { id }'],
  addGlobalRole: ['AddGlobalRole', 'globalRole'],
  restoreAccess: [
    'RestoreAccess',
    'revocation { id kind project { id } projectRole role { id } globalRole resource { id } }',
  ],
} as const;

export type GrantMutation = keyof typeof ofSuccess;

/** Sends one grant and returns the member of its union; fails where anything is in `errors`. */
export async function grant(
  gateway: Pick<TestGateway, 'ask'>,
  mutation: GrantMutation,
  input: object,
  headers: Headers,
): Promise<Answer> {
  const [type, fields] = ofSuccess[mutation];
  const document = `mutation ($input: ${type}Input!) {
    ${mutation}(input: $input) { ${shared} ... on ${type}Success { ${fields} } }
  }`;
  const { data, errors } = await gateway.ask(document, { input }, headers);
  if (errors || !data) {
    throw new Error(`${mutation} answered errors: ${JSON.stringify(errors)}`);
  }
  return data[mutation] as Answer;
}
