import type { Client } from './client.js';
import type { Connection, Named, ProjectEdge, ResourceEdge } from './directory.js';
import type { Documents, RemovalField } from './documents.js';

/** What is to be taken away from a user. */
export type Target =
  | {
      readonly field: 'unassignUserFromProject';
      readonly id: string;
      readonly name: string;
      /** The user's role in the project. */
      readonly role: string;
    }
  | { readonly field: 'unassignUserFromRole'; readonly id: string; readonly name: string }
  | { readonly field: 'removeGlobalRole'; readonly name: string };

/** What every success answers. */
interface Success {
  readonly applied: boolean;
  readonly sessionEffect: string;
  readonly canStartSession: boolean;
  readonly sessions: readonly { readonly id: string; readonly expiresAt: string }[];
  readonly revocation: { readonly id: string; readonly settledAt: string | null; readonly traceId: string } | null;
}

export interface ProjectSuccess extends Success {
  readonly __typename: 'UnassignUserFromProjectSuccess';
  readonly user: { readonly projects: Connection<ProjectEdge> } | null;
}

export interface RoleSuccess extends Success {
  readonly __typename: 'UnassignUserFromRoleSuccess';
  readonly lostResources: Connection<{ readonly node: Named }>;
  readonly keptResources: Connection<ResourceEdge>;
}

export interface GlobalRoleSuccess extends Success {
  readonly __typename: 'RemoveGlobalRoleSuccess';
  readonly remainingGlobalRoles: readonly string[];
}

export type RemovalSuccess = ProjectSuccess | RoleSuccess | GlobalRoleSuccess;

/** Any other member: an error that is known or, of a newer gateway, anything at all. */
export interface OtherAnswer {
  readonly __typename: string;
  readonly code?: string;
  readonly message?: string;
  readonly httpStatus?: number;
  readonly retryable?: boolean;
  readonly traceId?: string;
  readonly issues?: readonly { readonly path: readonly string[]; readonly message: string }[];
  readonly feature?: string | null;
  readonly requires?: string;
  readonly resourceType?: string;
  readonly resourceId?: string;
  readonly project?: Named | null;
  readonly retryAfterSeconds?: number;
  readonly system?: string;
  readonly outcomeUnknown?: boolean;
  readonly upstreamTraceId?: string | null;
}

export type RemovalAnswer = RemovalSuccess | OtherAnswer;

const successes: Readonly<Record<RemovalField, RemovalSuccess['__typename']>> = {
  unassignUserFromProject: 'UnassignUserFromProjectSuccess',
  unassignUserFromRole: 'UnassignUserFromRoleSuccess',
  removeGlobalRole: 'RemoveGlobalRoleSuccess',
};

/** Whether it is one of the successes that this console knows: nothing else says that access was taken away. */
export const isSuccess = (answer: RemovalAnswer): answer is RemovalSuccess =>
  Object.values<string>(successes).includes(answer.__typename);

/** One removal, or with `dryRun` its preview. */
export interface RemovalRequest {
  readonly userId: string;
  readonly target: Target;
  readonly dryRun: boolean;
  readonly reason: string;
}

/** Asks for a removal. Rejects with Failure where it was not answered by a member of the union. */
export async function requestRemoval(
  client: Client,
  { removal, typeName }: Documents,
  request: RemovalRequest,
  signal?: AbortSignal,
): Promise<RemovalAnswer> {
  const { field } = request.target;
  const data = await client.ask<Record<string, RemovalAnswer>>(removal(field), { input: toInput(request) }, signal);
  const answer = data[field] ?? { __typename: 'nothing' };
  return { ...answer, __typename: typeName(answer.__typename) } as RemovalAnswer;
}

function toInput({ userId, target, dryRun, reason }: RemovalRequest) {
  const rest = { user: { id: userId }, dryRun, ...(reason.trim() && { reason: reason.trim() }) };
  switch (target.field) {
    case 'unassignUserFromProject':
      return { projectId: target.id, ...rest };
    case 'unassignUserFromRole':
      return { roleId: target.id, ...rest };
    case 'removeGlobalRole':
      return { role: target.name, ...rest };
  }
}
