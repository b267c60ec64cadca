/**
 * Who may do what, as one table: product.md §2. A row is a caller, a column is something that is asked for. The tests
 * of every caller × every column × every state of its credential are generated from it (policy.test.ts).
 */

/** How a caller shows who it is. */
type Credential = 'management token' | 'bearer token' | 'session token' | 'API key' | 'CXone token' | 'Basic' | 'none';

/**
 * Where the caller's authority comes from: `claim` is the roles claim of its token, `directory` the entry of its user.
 * A `stranger` is a subject that is not in the directory.
 */
type Authority =
  | 'nothing'
  | `${'claim' | 'directory'} ${'ORG_ADMIN' | 'ADMIN' | 'USER_MANAGER' | 'USER_DETAILS_VIEWER'}`
  | 'stranger with nothing'
  | 'stranger with claim ORG_ADMIN'
  | 'feature'
  | 'no feature';

/** The answer to a mutation: done, or the code of the error. */
type Answer = 'yes' | 'FORBIDDEN' | 'PAYMENT_REQUIRED' | 'UNAUTHENTICATED';
/** The answer to a query: the whole directory of the organization, the caller's own user only, or a refusal. */
type View = 'all' | 'itself' | 'nobody' | 'PAYMENT_REQUIRED' | 'UNAUTHENTICATED';

/** The columns, in the order of the cells below. */
export const columns = [
  'unassignUserFromProject',
  'unassignUserFromRole',
  'removeGlobalRole',
  'removeGlobalRole: ADMIN',
  'offboardUser',
  'startSession',
  'endSession: of its own',
  'endSession: of another user',
  'viewer',
  'directory',
  'offboardings',
] as const;
export type Column = (typeof columns)[number];

// The viewer is no query of the directory: without the feature too, it tells a management token that it may do nothing.
type Cells = readonly [
  ...[Answer, Answer, Answer, Answer, Answer, Answer, Answer | null, Answer, 'yes' | 'UNAUTHENTICATED', View],
  Answer,
];
export interface Row {
  readonly credential: Credential;
  readonly authority: Authority;
  /** Null where there is nothing to ask for: a caller that is no user has no session of its own. */
  readonly cells: Cells;
}

const [yes, no, pay, who] = ['yes', 'FORBIDDEN', 'PAYMENT_REQUIRED', 'UNAUTHENTICATED'] as const;
const row = (credential: Credential, authority: Authority, ...cells: Cells): Row => ({ credential, authority, cells });

// biome-ignore format: a table
export const policy: readonly Row[] = [
  //                                                          proj role glob ADMIN offb start own  oth  view directory  offboardings
  row('management token', 'feature',                          yes, no,  no,  no,  no,  no,  null, no,  yes, 'all',    no),
  row('management token', 'no feature',                       pay, no,  no,  no,  no,  no,  null, no,  yes, pay,      no),

  row('bearer token', 'nothing',                              no,  no,  no,  no,  no,  yes, yes,  no,  yes, 'itself', no),
  row('bearer token', 'claim ORG_ADMIN',                      yes, yes, yes, yes, yes, yes, yes,  yes, yes, 'all',    yes),
  row('bearer token', 'directory ORG_ADMIN',                  no,  no,  no,  no,  no,  yes, yes,  no,  yes, 'itself', no),
  row('bearer token', 'claim ADMIN',                          no,  no,  yes, yes, no,  yes, yes,  no,  yes, 'all',    no),
  row('bearer token', 'directory ADMIN',                      no,  no,  yes, yes, no,  yes, yes,  no,  yes, 'all',    no),
  row('bearer token', 'claim USER_MANAGER',                   no,  no,  yes, no,  no,  yes, yes,  no,  yes, 'all',    no),
  row('bearer token', 'directory USER_MANAGER',               no,  no,  yes, no,  no,  yes, yes,  no,  yes, 'all',    no),
  row('bearer token', 'claim USER_DETAILS_VIEWER',            no,  no,  no,  no,  no,  yes, yes,  no,  yes, 'all',    no),
  row('bearer token', 'directory USER_DETAILS_VIEWER',        no,  no,  no,  no,  no,  yes, yes,  no,  yes, 'all',    no),
  row('bearer token', 'stranger with nothing',                no,  no,  no,  no,  no,  no,  null, no,  yes, 'nobody', no),
  row('bearer token', 'stranger with claim ORG_ADMIN',        yes, yes, yes, yes, yes, no,  null, yes, yes, 'all',    yes),

  row('session token', 'nothing',                             no,  no,  no,  no,  no,  no,  yes,  no,  yes, 'itself', no),
  row('session token', 'directory ORG_ADMIN',                 yes, yes, yes, yes, yes, no,  yes,  yes, yes, 'all',    yes),
  row('session token', 'directory ADMIN',                     no,  no,  yes, yes, no,  no,  yes,  no,  yes, 'all',    no),
  row('session token', 'directory USER_MANAGER',              no,  no,  yes, no,  no,  no,  yes,  no,  yes, 'all',    no),
  row('session token', 'directory USER_DETAILS_VIEWER',       no,  no,  no,  no,  no,  no,  yes,  no,  yes, 'all',    no),

  row('API key', 'nothing',                                   no,  no,  no,  no,  no,  no,  yes,  no,  yes, 'itself', no),
  row('API key', 'directory ORG_ADMIN',                       no,  no,  yes, yes, no,  no,  yes,  yes, yes, 'all',    yes),
  row('API key', 'directory ADMIN',                           no,  no,  yes, yes, no,  no,  yes,  no,  yes, 'all',    no),
  row('API key', 'directory USER_MANAGER',                    no,  no,  yes, no,  no,  no,  yes,  no,  yes, 'all',    no),
  row('API key', 'directory USER_DETAILS_VIEWER',             no,  no,  no,  no,  no,  no,  yes,  no,  yes, 'all',    no),

  row('CXone token', 'nothing',                               no,  no,  no,  no,  no,  no,  yes,  no,  yes, 'itself', no),
  row('CXone token', 'claim ORG_ADMIN',                       no,  no,  yes, yes, no,  no,  yes,  yes, yes, 'all',    yes),
  row('CXone token', 'directory ORG_ADMIN',                   no,  no,  no,  no,  no,  no,  yes,  no,  yes, 'itself', no),
  row('CXone token', 'directory ADMIN',                       no,  no,  yes, yes, no,  no,  yes,  no,  yes, 'all',    no),
  row('CXone token', 'directory USER_MANAGER',                no,  no,  yes, no,  no,  no,  yes,  no,  yes, 'all',    no),
  row('CXone token', 'claim USER_DETAILS_VIEWER',             no,  no,  no,  no,  no,  no,  yes,  no,  yes, 'all',    no),

  row('Basic', 'feature',                                     who, who, who, who, who, who, null, who, who, who,      who),
  row('none', 'nothing',                                      who, who, who, who, who, who, null, who, who, who,      who),
];

/** What a column asks for: the root fields that must answer as its cells say. */
export const fieldsOf: Readonly<Record<Column, readonly string[]>> = {
  unassignUserFromProject: ['unassignUserFromProject'],
  unassignUserFromRole: ['unassignUserFromRole'],
  removeGlobalRole: ['removeGlobalRole'],
  'removeGlobalRole: ADMIN': ['removeGlobalRole'],
  offboardUser: ['offboardUser'],
  startSession: ['startSession'],
  'endSession: of its own': ['endSession'],
  'endSession: of another user': ['endSession'],
  viewer: ['viewer'],
  directory: [
    'node',
    'nodes',
    '_entities',
    'user',
    'users',
    'project',
    'projects',
    'role',
    'roles',
    'revocation',
    'revocations',
    'grant',
    'accessChanges',
  ],
  offboardings: ['offboarding', 'offboardings', 'offboardingProgress'],
};

/** What can be given, and the column of its removal: who may take something away may give it, and nobody else. */
export const givings = {
  assignUserToProject: 'unassignUserFromProject',
  assignUserToRole: 'unassignUserFromRole',
  addGlobalRole: 'removeGlobalRole',
  'addGlobalRole: ADMIN': 'removeGlobalRole: ADMIN',
  'restoreAccess: PROJECT': 'unassignUserFromProject',
  'restoreAccess: ROLE': 'unassignUserFromRole',
  'restoreAccess: GLOBAL_ROLE': 'removeGlobalRole',
  'restoreAccess: ADMIN': 'removeGlobalRole: ADMIN',
  // Nothing takes a direct grant away by itself: an off-boarding does, which is the administrator's.
  'restoreAccess: RESOURCE': 'unassignUserFromRole',
} as const satisfies Record<string, Column>;
export type Giving = keyof typeof givings;

/** Open to whom introspection is open, whoever that is: test/federation/service.test.ts. */
export const schemaFields: readonly string[] = ['_service'];
