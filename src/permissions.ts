import { hasManagementApi, holds, isCredential, isKnown, isSchemaOpen, isUser } from './auth/rules.js';
import { and, or, type Rule } from './auth/shield.js';

/** Who may use a root field, and what a caller who may not lacks. */
export interface FieldPermission {
  readonly rule: Rule;
  readonly requires: string;
  /** Then its rule alone decides, also for a caller without a credential, and no rate is counted. */
  readonly isAnonymous?: true;
}

const may = (rule: Rule, requires: string): FieldPermission => ({ rule, requires });

const isManagementToken = isCredential('MANAGEMENT_TOKEN');
const isLogin = isCredential('BEARER', 'SESSION');
const isPerson = isCredential('BEARER', 'SESSION', 'API_KEY', 'CXONE');

// Queries are open to every known caller: what it sees is narrowed down by its authority (auth/caller.ts).
const read = may(and(isKnown, hasManagementApi), 'A valid credential.');

const unassignUserFromProject = may(
  and(hasManagementApi, or(isManagementToken, and(isLogin, holds('ORG_ADMIN')))),
  'A management token, or a bearer or session token of an administrator of the organization (ORG_ADMIN).',
);
const unassignUserFromRole = may(
  and(isLogin, holds('ORG_ADMIN')),
  'A bearer or session token of an administrator of the organization (ORG_ADMIN).',
);
const removeGlobalRole = may(
  and(isPerson, holds('ORG_ADMIN', 'ADMIN', 'USER_MANAGER')),
  'ORG_ADMIN, or the global role ADMIN or USER_MANAGER; to take ADMIN away, ORG_ADMIN or ADMIN.',
);
const offboardUser = unassignUserFromRole;
const readOffboardings = may(and(isPerson, holds('ORG_ADMIN')), 'An administrator of the organization (ORG_ADMIN).');

// Who may take something away may give it. What a removal took is known when it is read: restore_access looks again.
const addGlobalRole = may(
  removeGlobalRole.rule,
  'ORG_ADMIN, or the global role ADMIN or USER_MANAGER; to give ADMIN, ORG_ADMIN or ADMIN.',
);
const restoreAccess = may(
  and(hasManagementApi, or(isManagementToken, and(isPerson, holds('ORG_ADMIN', 'ADMIN', 'USER_MANAGER')))),
  'What giving the same needs: a management token for a project, ORG_ADMIN, or for a global role ADMIN or USER_MANAGER.',
);

/** The whole policy: every root field has a rule, or the schema doesn't build. */
export const permissions = {
  Query: {
    node: read,
    nodes: read,
    _entities: read,
    _service: { ...may(isSchemaOpen, 'The schema is not open to you: INTROSPECTION.'), isAnonymous: true },
    viewer: may(isKnown, 'A valid credential.'),
    user: read,
    users: read,
    project: read,
    projects: read,
    role: read,
    roles: read,
    revocation: read,
    revocations: read,
    grant: read,
    accessChanges: read,
    offboarding: readOffboardings,
    offboardings: readOffboardings,
  },
  Mutation: {
    unassignUserFromProject,
    unassignUserFromRole,
    removeGlobalRole,
    assignUserToProject: unassignUserFromProject,
    assignUserToRole: unassignUserFromRole,
    addGlobalRole,
    restoreAccess,
    offboardUser,
    startSession: may(and(isCredential('BEARER'), isUser), 'A bearer token of a user in the directory.'),
    endSession: may(isPerson, 'A token or key of the session’s user, or of an administrator (ORG_ADMIN).'),
  },
  // Asked again before each event.
  Subscription: {
    offboardingProgress: readOffboardings,
  },
} as const satisfies Record<string, Record<string, FieldPermission>>;

/** What `viewer.permissions` tells a client, answered by the same rules that guard the fields. */
export const viewerPermissions = {
  READ_DIRECTORY: and(
    hasManagementApi,
    or(isManagementToken, holds('ORG_ADMIN', 'ADMIN', 'USER_MANAGER', 'USER_DETAILS_VIEWER')),
  ),
  UNASSIGN_USER_FROM_PROJECT: unassignUserFromProject.rule,
  UNASSIGN_USER_FROM_ROLE: unassignUserFromRole.rule,
  REMOVE_GLOBAL_ROLE: removeGlobalRole.rule,
  ASSIGN_USER_TO_PROJECT: unassignUserFromProject.rule,
  ASSIGN_USER_TO_ROLE: unassignUserFromRole.rule,
  ADD_GLOBAL_ROLE: addGlobalRole.rule,
  RESTORE_ACCESS: restoreAccess.rule,
  OFFBOARD_USER: offboardUser.rule,
} as const;
