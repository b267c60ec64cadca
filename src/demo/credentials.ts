/**
 * The secrets of the demo organization. They are the same everywhere and published with this program, so they protect
 * nothing: a gateway in production refuses to start on a database where they work.
 */
export const demoCredentials = {
  organization: 'org_demo',
  /** May unassign users from projects. */
  managementToken: { id: 'mgmt_demo', token: 'demo-management-token-everyone-knows' },
  /** Of an organization whose plan lacks the management API. */
  basicManagementToken: { id: 'mgmt_basic', token: 'basic-management-token-everyone-knows' },
  /** Whose bearer token is an ORG_ADMIN's: the `sub` to sign one for. */
  administrator: 'user_ada',
  /** Of ada@demo.test, who is ORG_ADMIN and holds ADMIN. */
  administratorKey: { id: 'key_demo-ada', key: 'demo-key-of-ada-administrator' },
  /** Of mia@demo.test, who holds USER_MANAGER. */
  userManagerKey: { id: 'key_demo-mia', key: 'demo-key-of-mia-user-manager' },
  /** Of nina@demo.test, who may see herself and nothing else. */
  plainUserKey: { id: 'key_demo-nina', key: 'demo-key-of-nina-plain-user' },
} as const;
