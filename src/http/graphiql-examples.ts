const rob = 'user_770e8400-e29b-41d4-a716-446655440003';

// The defaults of every removal, spelled out: GraphiQL marks what is left out as missing, default or not.
const defaults = { dryRun: false, onMissing: 'ERROR' };

/** Variables for each root field. They fit the demo organization, whose ids are those of the three REST documents. */
export const exampleVariables: Readonly<Record<string, unknown>> = {
  unassignUserFromProject: {
    input: {
      projectId: 'proj_TrlkLiH4',
      user: { id: 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl' },
      reason: 'Left the project',
      ...defaults,
    },
  },
  unassignUserFromRole: {
    input: {
      roleId: 'role_550e8400-e29b-41d4-a716-446655440000',
      user: { id: rob },
      reason: 'Moved to another team',
      ...defaults,
    },
  },
  removeGlobalRole: {
    input: {
      user: { id: 'user_5ce7c2d833ea1e04d7e6c432' },
      role: 'USER_MANAGER',
      reason: 'Moved to another team',
      ...defaults,
    },
  },
  assignUserToProject: {
    input: {
      projectId: 'proj_winter',
      user: { id: 'user_leo' },
      role: 'EDITOR',
      reason: 'Joined the project',
      dryRun: false,
    },
  },
  assignUserToRole: {
    input: { roleId: 'role_reporting', user: { id: 'user_nina' }, reason: 'Joined the team', dryRun: false },
  },
  addGlobalRole: {
    input: { user: { id: 'user_nina' }, role: 'ODATA', reason: 'Joined the team', dryRun: false },
  },
  // The id is that of a removal that was done before: `revocation { id }` of its answer, or `accessChanges`.
  restoreAccess: { input: { revocationId: 'rev_of-a-removal', reason: 'By mistake', dryRun: false } },
  offboardUser: { input: { user: { id: 'user_leo' }, reason: 'Left the company', dryRun: false } },
  offboardingProgress: { id: 'off_…' },
  endSession: { input: { sessionId: 'sess_demo-3' } },
  user: { by: { id: rob } },
};

export interface Refusal {
  /** The error’s type, without a prefix; the tab has its name. */
  readonly error: string;
  readonly mutation: string;
  /** As whom to ask: a key of the demo headers. */
  readonly headers: string;
  readonly variables: unknown;
}

/** What the demo refuses, and with which error: a tab each, that changes nothing. */
export const refusals: readonly Refusal[] = [
  {
    error: 'UserNotAssignedError',
    mutation: 'unassignUserFromProject',
    headers: 'unassignUserFromProject',
    variables: { input: { projectId: 'proj_TrlkLiH4', user: { id: 'user_nina' }, ...defaults } },
  },
  {
    error: 'LastProjectError',
    mutation: 'unassignUserFromProject',
    headers: 'unassignUserFromProject',
    variables: {
      input: { projectId: 'proj_TrlkLiH4', user: { id: 'user_v18mvPOjOXE5733eO4cAz8k1pn492wKK' }, ...defaults },
    },
  },
  {
    error: 'LastAdministratorError',
    mutation: 'removeGlobalRole',
    headers: '*',
    variables: { input: { user: { id: 'user_ada' }, role: 'ADMIN', ...defaults } },
  },
];
