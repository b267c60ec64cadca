import type { Permission } from './directory.js';
import { useSignedIn } from './signed-in.js';

type Taking = Exclude<Permission, 'READ_DIRECTORY'>;

const needs: Readonly<Record<Taking, string>> = {
  UNASSIGN_USER_FROM_PROJECT: 'a management token, or a token of an organization administrator (ORG_ADMIN)',
  UNASSIGN_USER_FROM_ROLE: 'a bearer or session token of an organization administrator (ORG_ADMIN)',
  REMOVE_GLOBAL_ROLE: 'a token or API key of a user with ORG_ADMIN, ADMIN or USER_MANAGER',
};

/** Why the caller may not take this kind of access away; null where the gateway says that it may. */
export function useTaking(permission: Taking): string | null {
  const { viewer } = useSignedIn();
  return viewer.permissions.includes(permission) ? null : `To look at only: removing needs ${needs[permission]}.`;
}
