import type { Headers, TestGateway } from './gateway.js';
import type { Answer } from './removals.js';

const fields = `id state progress { total done refused pending } startedAt settledAt actor reason traceId user { id active }`;

const mutation = `mutation ($input: OffboardUserInput!) {
  offboardUser(input: $input) {
    __typename
    ... on OffboardUserSuccess {
      applied sessionEffect
      sessions { id active }
      steps { kind state code system target project { id } role { id } globalRole resource { id } }
      offboarding { ${fields} revocations(first: 200) { totalCount edges { node { id kind state code system } } } }
    }
    ... on AccessError { code message httpStatus retryable traceId }
    ... on InvalidInputError { issues { path message } }
    ... on NotFoundError { resourceType resourceId }
    ... on ForbiddenError { requires }
  }
}`;

/** An off-boarding as the gateway answers it. */
export interface AnsweredOffboarding {
  readonly id: string;
  readonly state: string;
  readonly progress: Readonly<Record<'total' | 'done' | 'refused' | 'pending', number>>;
  readonly settledAt: string | null;
}

export interface OffboardAnswer extends Answer {
  readonly applied: boolean;
  readonly offboarding: AnsweredOffboarding;
  readonly steps: readonly Readonly<Record<string, unknown>>[];
}

/** Off-boards a user and returns the member of the union; fails where anything is in `errors`. */
export async function offboard(gateway: Pick<TestGateway, 'ask'>, input: object, headers: Headers) {
  const { data, errors } = await gateway.ask(mutation, { input }, headers);
  if (errors || !data) {
    throw new Error(`offboardUser answered errors: ${JSON.stringify(errors)}`);
  }
  return data['offboardUser'] as OffboardAnswer;
}

/** The off-boarding as a query answers it. */
export async function findOffboarding(gateway: Pick<TestGateway, 'ask'>, id: string, headers: Headers) {
  const { data, errors } = await gateway.ask(
    `query ($id: ID!) { offboarding(id: $id) { ${fields} } }`,
    { id },
    headers,
  );
  if (errors) {
    throw new Error(`offboarding answered errors: ${JSON.stringify(errors)}`);
  }
  return data?.['offboarding'] as AnsweredOffboarding | null;
}

/** The subscription, as a client sends it. */
export const progressDocument = `subscription ($id: ID!) { offboardingProgress(id: $id) { ${fields} } }`;
