import type { z } from 'zod';
import type { entrySchemas, Section } from '../import/entries.js';
import { demoCredentials as credentials } from './credentials.js';

type Directory = { readonly [Name in Section]: readonly z.input<(typeof entrySchemas)[Name]>[] };

const organization = credentials.organization;

// The ids are those of the three REST documents' examples, or look like them.
const vera = 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl';
const max = 'user_v18mvPOjOXE5733eO4cAz8k1pn492wKK';
const rob = 'user_770e8400-e29b-41d4-a716-446655440003';
const uma = 'user_5ce7c2d833ea1e04d7e6c432';
const operators = 'role_550e8400-e29b-41d4-a716-446655440000';

/**
 * The demo: an organization in which every answer of the three removals can be had, and a second one on a plan without
 * the management API. In the import format, and loaded like any other import.
 *
 * - Ada is the administrator: ORG_ADMIN, and the last active user with ADMIN (Ines, the other one, is inactive).
 * - Vera is in two projects and logged in: unassigning her works, and ends her session.
 * - Max has one project: he keeps it.
 * - Nina is in Winter alone, and has no role: not assigned anywhere else. She may do nothing.
 * - Rob holds two roles and one resource directly: losing Operators he loses the database, and keeps the rest.
 * - Leo reaches what Contractors grants and nothing else: without it he can't start a session.
 * - Noa has nothing left.
 * - Uma holds USER_MANAGER, to be taken away; Mia does too, and has an API key to do it with.
 */
export const demoDirectory: Directory = {
  organizations: [
    { id: organization, name: 'Demo', features: ['MANAGEMENT_API'] },
    { id: 'org_basic', name: 'Basic plan', features: [] },
  ],
  resources: [
    { id: 'res_database', organization, name: 'Database' },
    { id: 'res_servers', organization, name: 'Servers' },
    { id: 'res_reports', organization, name: 'Reports' },
    { id: 'res_vpn', organization, name: 'VPN' },
  ],
  users: [
    { id: 'user_ada', organization, login: 'ada@demo.test', name: 'Ada', orgAdmin: true, globalRoles: ['ADMIN'] },
    { id: 'user_ines', organization, login: 'ines@demo.test', name: 'Ines', active: false, globalRoles: ['ADMIN'] },
    { id: vera, organization, login: 'vera@demo.test', name: 'Vera' },
    { id: max, organization, login: 'max@demo.test', name: 'Max' },
    { id: 'user_nina', organization, login: 'nina@demo.test', name: 'Nina' },
    { id: rob, organization, login: 'rob@demo.test', name: 'Rob', resources: ['res_servers'] },
    { id: 'user_leo', organization, login: 'leo@demo.test', name: 'Leo' },
    { id: 'user_noa', organization, login: 'noa@demo.test', name: 'Noa' },
    { id: uma, organization, login: 'uma@demo.test', name: 'Uma', globalRoles: ['USER_MANAGER', 'BASE_ROLE'] },
    { id: 'user_mia', organization, login: 'mia@demo.test', name: 'Mia', globalRoles: ['USER_MANAGER'] },
    { id: 'user_bo', organization: 'org_basic', login: 'bo@basic.test', name: 'Bo' },
  ],
  projects: [
    {
      id: 'proj_TrlkLiH4',
      organization,
      name: 'Summer',
      members: [
        { user: 'user_ada', role: 'ADMIN' },
        { user: vera, role: 'EDITOR' },
        { user: max, role: 'EDITOR' },
        { user: rob, role: 'VIEWER' },
        { user: uma, role: 'VIEWER' },
        { user: 'user_mia', role: 'VIEWER' },
      ],
    },
    {
      id: 'proj_winter',
      organization,
      name: 'Winter',
      members: [
        { user: 'user_ada', role: 'ADMIN' },
        { user: vera, role: 'VIEWER' },
        { user: 'user_nina', role: 'VIEWER' },
      ],
    },
    { id: 'proj_basic', organization: 'org_basic', name: 'Spring', members: [{ user: 'user_bo', role: 'ADMIN' }] },
  ],
  roles: [
    {
      id: operators,
      organization,
      name: 'Operators',
      description: 'Keeps everything running',
      resources: ['res_database', 'res_servers', 'res_reports'],
      users: ['user_ada', rob],
    },
    { id: 'role_reporting', organization, name: 'Reporting', resources: ['res_reports'], users: [rob] },
    { id: 'role_contractors', organization, name: 'Contractors', resources: ['res_vpn'], users: ['user_leo'] },
  ],
  managementTokens: [
    { ...credentials.managementToken, organization, name: 'Demo' },
    { ...credentials.basicManagementToken, organization: 'org_basic', name: 'Demo' },
  ],
  apiKeys: [
    { ...credentials.administratorKey, user: 'user_ada', name: 'Demo' },
    { ...credentials.userManagerKey, user: 'user_mia', name: 'Demo' },
    { ...credentials.plainUserKey, user: 'user_nina', name: 'Demo' },
  ],
  sessions: [vera, rob, uma, 'user_leo'].map((user, index) => ({
    id: `sess_demo-${index + 1}`,
    user,
    expiresAt: '2099-12-31T00:00:00Z',
  })),
};
