import { getPrincipal } from '../auth/caller.js';
import type { CredentialKind, Principal } from '../auth/principal.js';
import type { User as UserModel } from '../generated/prisma/client.js';
import { Organization } from '../organizations/schema.js';
import { viewerPermissions } from '../permissions.js';
import { builder } from '../schema/builder.js';
import { findNode } from '../schema/node.js';
import { ask } from '../schema/plugins/rules.js';
import { User } from '../users/schema.js';

type Permission = keyof typeof viewerPermissions;

const CredentialKindEnum = builder.enumType('CredentialKind', {
  description: 'With what a caller identifies itself.',
  values: {
    MANAGEMENT_TOKEN: { description: 'The headers `X-Management-Id` and `X-Management-Token`.' },
    BEARER: { description: '`Authorization: Bearer` with a token of the identity provider.' },
    SESSION: { description: '`Authorization: Bearer` with a token of `startSession`.' },
    API_KEY: { description: 'The header `X-API-Key`.' },
    CXONE: { description: 'The header `X-CXone-Authorization: Bearer`.' },
  } satisfies Record<CredentialKind, object>,
});

const PermissionEnum = builder.enumType('Permission', {
  description: 'What a caller may do.',
  values: {
    READ_DIRECTORY: { description: 'Read the whole directory of its organization, not only itself.' },
    UNASSIGN_USER_FROM_PROJECT: { description: 'Use `unassignUserFromProject`.' },
    UNASSIGN_USER_FROM_ROLE: { description: 'Use `unassignUserFromRole`.' },
    REMOVE_GLOBAL_ROLE: { description: 'Use `removeGlobalRole`.' },
    ASSIGN_USER_TO_PROJECT: { description: 'Use `assignUserToProject`.' },
    ASSIGN_USER_TO_ROLE: { description: 'Use `assignUserToRole`.' },
    ADD_GLOBAL_ROLE: { description: 'Use `addGlobalRole`.' },
    RESTORE_ACCESS: { description: 'Use `restoreAccess`, for what the caller may give.' },
    OFFBOARD_USER: { description: 'Use `offboardUser`.' },
  } satisfies Record<Permission, object>,
});

const Viewer = builder.objectRef<Principal>('Viewer').implement({
  description: 'Who is calling, and what that caller may do.',
  fields: (t) => ({
    credential: t.expose('credential', {
      type: CredentialKindEnum,
      description: 'With what the caller identified itself.',
    }),
    organization: t.field({
      type: Organization,
      description: 'The caller’s organization.',
      resolve: ({ organization }) => ({ ...organization, features: [...organization.features] }),
    }),
    user: t.field({
      type: User,
      nullable: true,
      description: 'Null for a management token, and for a token whose subject is not in the directory.',
      resolve: ({ user }, _args, context) => user && findNode<UserModel>(context, user.id),
    }),
    permissions: t.field({
      type: [PermissionEnum],
      description: 'What the caller may do.',
      resolve: async (_principal, _args, context) => {
        const names = Object.keys(viewerPermissions) as Permission[];
        const verdicts = await Promise.all(names.map((name) => ask(viewerPermissions[name], context)));
        return names.filter((_name, index) => verdicts[index] === true);
      },
    }),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({
    type: Viewer,
    description: 'Who is calling, and what that caller may do.',
    resolve: (_root, _args, context) => getPrincipal(context),
  }),
);
