// What the console reads of the graph: the answers to documents.ts.

export interface Connection<Edge> {
  readonly totalCount: number;
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly edges: readonly Edge[];
}

export interface Named {
  readonly id: string;
  readonly name: string;
}

export interface PersonSummary {
  readonly id: string;
  readonly login: string;
  readonly name: string | null;
}

export interface ListedPerson extends PersonSummary {
  readonly active: boolean;
}

export type Permission =
  | 'READ_DIRECTORY'
  | 'UNASSIGN_USER_FROM_PROJECT'
  | 'UNASSIGN_USER_FROM_ROLE'
  | 'REMOVE_GLOBAL_ROLE';

export interface Viewer {
  readonly credential: string;
  readonly organization: Named;
  readonly user: PersonSummary | null;
  readonly permissions: readonly Permission[];
}

export interface ProjectEdge {
  readonly role: string;
  readonly node: Named;
}

export interface RoleEdge {
  readonly node: Named & { readonly description: string | null };
}

/** What is reached, and through what. */
export interface ResourceEdge {
  readonly direct: boolean;
  readonly roles: readonly Named[];
  readonly node: Named;
}

export interface SessionEdge {
  readonly node: { readonly id: string; readonly startedAt: string; readonly expiresAt: string };
}

/** A user with everything that the user reaches. */
export interface AccessMap extends ListedPerson {
  readonly orgAdmin: boolean;
  readonly globalRoles: readonly string[];
  readonly canStartSession: boolean;
  readonly projects: Connection<ProjectEdge>;
  readonly roles: Connection<RoleEdge>;
  readonly resources: Connection<ResourceEdge>;
  readonly sessions: Connection<SessionEdge>;
}

/** The record of a removal or of a grant; its id tells which. */
export interface AccessChange {
  readonly id: string;
  /** Null where a removal was to be restored that is not there. */
  readonly kind: string | null;
  readonly state: string;
  readonly code: string | null;
  readonly system: string | null;
  readonly actor: string;
  readonly reason: string | null;
  readonly requestedAt: string;
  readonly requestedUser: string | null;
  readonly requestedTarget: string;
  readonly traceId: string;
  readonly globalRole: string | null;
  readonly user: PersonSummary | null;
  readonly project: Named | null;
  readonly role: Named | null;
  readonly resource: Named | null;
}

export interface AccessChangeEdge {
  readonly node: AccessChange;
}

// A name may consist of spaces, or of what has no width.
const isVisible = (text: string) => /[\p{L}\p{N}\p{P}\p{S}]/u.test(text);

/** What a person is called: the login where there is no name that could be read. */
export const nameOf = ({ name, login }: PersonSummary) => (name !== null && isVisible(name) ? name : login);
