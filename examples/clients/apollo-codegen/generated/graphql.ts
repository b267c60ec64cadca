/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** What to answer when the user is not assigned. */
export type OnMissing =
  /** `UserNotAssignedError`. */
  | 'ERROR'
  /** A success with `applied: false`; the record says REFUSED, NOT_ASSIGNED. */
  | 'IGNORE';

/** What a removal does to the sessions of the user. */
export type SessionEffect =
  /** They go on until they expire. */
  | 'CONTINUE_UNTIL_EXPIRY'
  /** They were ended; tokens issued to the user before are refused. */
  | 'ENDED'
  /** There was no active session, or nothing was removed. Tokens issued to the user before are refused all the same after the removal of a project. */
  | 'NONE';

/** Which user to unassign from which project. */
export type UnassignUserFromProjectInput = {
  /** Answer what would happen, and change and record nothing. */
  dryRun?: boolean;
  /** What to answer when the user is not assigned. */
  onMissing?: OnMissing;
  /** The project’s id, such as `proj_TrlkLiH4`. */
  projectId: string | number;
  /** Kept in the audit trail. At most 500 characters. */
  reason?: string | null | undefined;
  /** From whom to take it away. */
  user: UserReference;
};

/** A system behind this gateway that owns assignments. */
export type UpstreamSystem =
  /** Owns the global roles. */
  | 'COGNIGY'
  /** Owns the assignments to roles. */
  | 'ENTRYGUARD'
  /** Owns the assignments to projects. */
  | 'VOUCHERIFY';

/** One user, named by directory id or by login: give exactly one of the two. */
export type UserReference =
  {   /** The id in the directory, such as `user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl`. */
  id: string | number; login?: never; }
  |  { id?: never;   /** The login, exactly as it is spelled in the directory. */
  login: string; };

export type UnassignUserFromProjectMutationVariables = Exact<{
  input: UnassignUserFromProjectInput;
}>;


export type UnassignUserFromProjectMutation = { unassignUserFromProject:
    | { __typename: 'ConflictError', message: string, traceId: string }
    | { __typename: 'ForbiddenError', message: string, traceId: string, requires: string }
    | { __typename: 'InternalError', message: string, traceId: string }
    | { __typename: 'InvalidInputError', message: string, traceId: string, issues: Array<{ message: string }> }
    | { __typename: 'LastProjectError', message: string, traceId: string, project: { id: string, name: string } | null }
    | { __typename: 'NotFoundError', message: string, traceId: string }
    | { __typename: 'PaymentRequiredError', message: string, traceId: string }
    | { __typename: 'RateLimitedError', message: string, traceId: string, retryAfterSeconds: number }
    | { __typename: 'UnassignUserFromProjectSuccess', applied: boolean, sessionEffect: SessionEffect, user: { id: string, login: string, canStartSession: boolean } | null }
    | { __typename: 'UnauthenticatedError', message: string, traceId: string }
    | { __typename: 'UpstreamError', message: string, traceId: string, system: UpstreamSystem, outcomeUnknown: boolean }
    | { __typename: 'UserNotAssignedError', message: string, traceId: string }
   };


export const UnassignUserFromProjectDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"UnassignUserFromProject"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"UnassignUserFromProjectInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"unassignUserFromProject"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UnassignUserFromProjectSuccess"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"applied"}},{"kind":"Field","name":{"kind":"Name","value":"sessionEffect"}},{"kind":"Field","name":{"kind":"Name","value":"user"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"login"}},{"kind":"Field","name":{"kind":"Name","value":"canStartSession"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"AccessError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"traceId"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InvalidInputError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"issues"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ForbiddenError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"requires"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"LastProjectError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"project"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"RateLimitedError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryAfterSeconds"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UpstreamError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"system"}},{"kind":"Field","name":{"kind":"Name","value":"outcomeUnknown"}}]}}]}}]}}]} as unknown as DocumentNode<UnassignUserFromProjectMutation, UnassignUserFromProjectMutationVariables>;