import type { credentials } from '../support/gateway.js';
import type { Removal } from '../support/removals.js';

/** Who asks: a credential of the demo, Ada's bearer token, one that is wrong, or none. */
export type Caller = keyof typeof credentials | 'administrator' | 'wrong';

/** One case of the three REST documents, and how it is provoked with the demo organization. */
export interface Example {
  /** The status with which the REST operation answers. */
  readonly status: number;
  readonly what: string;
  readonly mutation: Removal;
  readonly as: Caller;
  readonly input: Readonly<Record<string, unknown>>;
  readonly answer: string;
}

const vera = { id: 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl' };
const max = { id: 'user_v18mvPOjOXE5733eO4cAz8k1pn492wKK' };
const rob = { id: 'user_770e8400-e29b-41d4-a716-446655440003' };
const uma = { id: 'user_5ce7c2d833ea1e04d7e6c432' };
const nina = { id: 'user_nina' };
const ada = { id: 'user_ada' };
const nobody = { id: 'user_nobody' };
const projectId = 'proj_TrlkLiH4';
const roleId = 'role_550e8400-e29b-41d4-a716-446655440000';
const role = 'USER_MANAGER';

const project = { mutation: 'unassignUserFromProject', as: 'management' } as const;
const ofRole = { mutation: 'unassignUserFromRole', as: 'administrator' } as const;
const global = { mutation: 'removeGlobalRole', as: 'userManagerKey' } as const;

/** Every answer of the three documents. The error table of the README names the same examples. */
export const examples: readonly Example[] = [
  {
    ...project,
    status: 204,
    what: 'Vera is unassigned by id',
    input: { projectId, user: vera },
    answer: 'UnassignUserFromProjectSuccess',
  },
  {
    ...project,
    status: 204,
    what: 'Vera is unassigned by login',
    input: { projectId, user: { login: 'vera@demo.test' } },
    answer: 'UnassignUserFromProjectSuccess',
  },
  {
    ...project,
    status: 400,
    what: 'Nina is not assigned to the project',
    input: { projectId, user: nina },
    answer: 'UserNotAssignedError',
  },
  {
    ...project,
    status: 400,
    what: 'Max has this project only',
    input: { projectId, user: max },
    answer: 'LastProjectError',
  },
  {
    ...project,
    status: 400,
    what: 'the id of the project is malformed',
    input: { projectId: 'summer', user: vera },
    answer: 'InvalidInputError',
  },
  {
    ...project,
    status: 401,
    what: 'the token is wrong',
    as: 'wrong',
    input: { projectId, user: vera },
    answer: 'UnauthenticatedError',
  },
  {
    ...project,
    status: 402,
    what: 'the plan lacks the management API',
    as: 'basicManagement',
    input: { projectId: 'proj_basic', user: { id: 'user_bo' } },
    answer: 'PaymentRequiredError',
  },
  {
    ...project,
    status: 404,
    what: 'there is no such user',
    input: { projectId, user: nobody },
    answer: 'NotFoundError',
  },
  {
    ...project,
    status: 404,
    what: 'there is no such project',
    input: { projectId: 'proj_none', user: vera },
    answer: 'NotFoundError',
  },
  {
    ...project,
    status: 404,
    what: 'the project is another organization’s',
    input: { projectId: 'proj_basic', user: vera },
    answer: 'NotFoundError',
  },
  {
    ...ofRole,
    status: 204,
    what: 'Rob is unassigned',
    input: { roleId, user: rob },
    answer: 'UnassignUserFromRoleSuccess',
  },
  {
    ...ofRole,
    status: 401,
    what: 'the token is missing',
    as: 'none',
    input: { roleId, user: rob },
    answer: 'UnauthenticatedError',
  },
  {
    ...ofRole,
    status: 403,
    what: 'a management token can’t do this',
    as: 'management',
    input: { roleId, user: rob },
    answer: 'ForbiddenError',
  },
  {
    ...ofRole,
    status: 404,
    what: 'there is no such role',
    input: { roleId: 'role_none', user: rob },
    answer: 'NotFoundError',
  },
  { ...ofRole, status: 404, what: 'there is no such user', input: { roleId, user: nobody }, answer: 'NotFoundError' },
  {
    ...ofRole,
    status: 404,
    what: 'Nina does not have the role',
    input: { roleId, user: nina },
    answer: 'UserNotAssignedError',
  },
  {
    ...global,
    status: 204,
    what: 'Uma loses USER_MANAGER',
    input: { user: uma, role },
    answer: 'RemoveGlobalRoleSuccess',
  },
  {
    ...global,
    status: 400,
    what: 'the id of the user is malformed',
    input: { user: { id: 'Uma' }, role },
    answer: 'InvalidInputError',
  },
  {
    ...global,
    status: 401,
    what: 'the key is missing',
    as: 'none',
    input: { user: uma, role },
    answer: 'UnauthenticatedError',
  },
  {
    ...global,
    status: 403,
    what: 'Nina may do nothing',
    as: 'plainUserKey',
    input: { user: uma, role },
    answer: 'ForbiddenError',
  },
  {
    ...global,
    status: 403,
    what: 'a user manager can’t take ADMIN away',
    input: { user: ada, role: 'ADMIN' },
    answer: 'ForbiddenError',
  },
  { ...global, status: 404, what: 'there is no such user', input: { user: nobody, role }, answer: 'NotFoundError' },
  {
    ...global,
    status: 404,
    what: 'Nina does not hold the global role',
    input: { user: nina, role },
    answer: 'UserNotAssignedError',
  },
  {
    ...global,
    status: 409,
    what: 'Ada is the last active administrator',
    as: 'administratorKey',
    input: { user: ada, role: 'ADMIN' },
    answer: 'LastAdministratorError',
  },
];
