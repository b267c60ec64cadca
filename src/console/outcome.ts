import { formatDay } from './dates.js';
import type { Connection, ResourceEdge } from './directory.js';
import type { GlobalRoleSuccess, ProjectSuccess, RemovalSuccess, RoleSuccess, Target } from './removal.js';

/** One thing that a user loses or keeps. */
export interface Fact {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly detail?: string;
  /** How many things it stands for, if not for one. */
  readonly count?: number;
}

/** The two sides of a removal. */
export interface Outcome {
  readonly lost: readonly Fact[];
  readonly kept: readonly Fact[];
}

/** What a removal takes away (would take away) and what it leaves, in the order in which it matters. */
export function toOutcome(success: RemovalSuccess, target: Target): Outcome {
  const own = ownOutcome(success, target);
  const sessions = sessionFacts(success);
  const canStart = { id: 'start', kind: 'Sign-in', name: 'Can start new sessions' };
  const cannotStart = {
    id: 'start',
    kind: 'Sign-in',
    name: 'New sessions',
    detail: 'nothing is left to start one for',
  };
  return {
    lost: [...own.lost, ...sessions.lost, ...(success.canStartSession ? [] : [cannotStart])],
    kept: [...own.kept, ...sessions.kept, ...(success.canStartSession ? [canStart] : [])],
  };
}

function ownOutcome(success: RemovalSuccess, target: Target): Outcome {
  switch (success.__typename) {
    case 'UnassignUserFromProjectSuccess':
      return ofProject(success, target);
    case 'UnassignUserFromRoleSuccess':
      return ofRole(success, target);
    case 'RemoveGlobalRoleSuccess':
      return ofGlobalRole(success, target);
  }
}

function ofProject({ applied, user }: ProjectSuccess, target: Target): Outcome {
  const removed = target.field === 'unassignUserFromProject' ? target : null;
  const edges = user?.projects.edges.filter(({ node }) => node.id !== removed?.id) ?? [];
  // In a preview the user still has the project that goes, on this page or on one that isn't shown.
  const hidden = (user?.projects.totalCount ?? 0) - (applied ? 0 : 1) - edges.length;
  return {
    lost: [{ id: 'target', kind: 'Project', name: target.name, ...(removed && { detail: `as ${removed.role}` }) }],
    kept: [
      ...edges.map(({ role, node }) => ({ id: node.id, kind: 'Project', name: node.name, detail: `as ${role}` })),
      ...more('projects', hidden),
    ],
  };
}

function ofRole({ lostResources, keptResources }: RoleSuccess, target: Target): Outcome {
  return {
    lost: [
      { id: 'target', kind: 'Role', name: target.name },
      ...lostResources.edges.map(({ node }) => ({
        id: node.id,
        kind: 'Resource',
        name: node.name,
        detail: 'reached through this role alone',
      })),
      ...more('resources', rest(lostResources)),
    ],
    kept: [
      ...keptResources.edges.map((edge) => ({
        id: edge.node.id,
        kind: 'Resource',
        name: edge.node.name,
        detail: toWay(edge),
      })),
      ...more('resources', rest(keptResources)),
    ],
  };
}

const ofGlobalRole = ({ remainingGlobalRoles }: GlobalRoleSuccess, { name }: Target): Outcome => ({
  lost: [{ id: 'target', kind: 'Global role', name, detail: 'from the next request on, API keys included' }],
  kept: remainingGlobalRoles.map((role) => ({ id: role, kind: 'Global role', name: role })),
});

/** Through what a resource is reached, as words. */
function toWay({ direct, roles }: ResourceEdge): string {
  const ways = [...(direct ? ['a direct grant'] : []), ...roles.map(({ name }) => name)];
  return `through ${new Intl.ListFormat('en').format(ways)}`;
}

const rest = ({ totalCount, edges }: Connection<unknown>) => totalCount - edges.length;
const more = (what: string, count: number): Fact[] =>
  count > 0 ? [{ id: 'more', kind: 'And', name: `${count} more ${what}`, count }] : [];

function sessionFacts({ sessionEffect, sessions }: RemovalSuccess): Outcome {
  const name = sessions.length === 1 ? '1 active session' : `${sessions.length} active sessions`;
  const last = sessions
    .map(({ expiresAt }) => expiresAt)
    .sort()
    .at(-1);
  switch (sessionEffect) {
    case 'ENDED':
      return { lost: [{ id: 'sessions', kind: 'Sign-in', name, detail: 'ended at once' }], kept: [] };
    case 'CONTINUE_UNTIL_EXPIRY':
      return {
        lost: [],
        kept: [{ id: 'sessions', kind: 'Sign-in', name, ...(last && { detail: `until ${formatDay(last)} at most` }) }],
      };
    default:
      return { lost: [], kept: [] };
  }
}
