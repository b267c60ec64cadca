import type { CallerUser, Principal } from './principal.js';

// As JSON, because the two databases' drivers read arrays of enums differently. `o` is the organization, `u` the user.
/** SQL for the caller's organization as the principal has it. */
export const organizationColumn = `jsonb_build_object('id', o.id, 'name', o.name, 'features', o.features) as organization`;
/** SQL for the caller's user as the principal has it; null where there is none. */
export const userColumn = `case when u.id is not null then
  jsonb_build_object('id', u.id, 'orgAdmin', u.org_admin, 'globalRoles', u.global_roles) end as "user"`;

export interface OrganizationRow {
  readonly organization: Principal['organization'];
}

export interface UserRow extends OrganizationRow {
  readonly user: CallerUser;
}
