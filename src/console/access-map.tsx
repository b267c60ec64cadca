import { formatDay, formatMinute } from './dates.js';
import { type AccessMap as Access, nameOf, type ResourceEdge } from './directory.js';
import { Listing, useAccessList } from './listing.js';
import type { Target } from './removal.js';
import { useTaking } from './taking.js';
import { toPhrase } from './wording.js';

interface AccessMapProps {
  readonly user: Access;
  readonly onRemove: (target: Target) => void;
}

/** What a user holds, each with the way to take it away, and beside it what that comes to. */
export function AccessMap(props: AccessMapProps) {
  return (
    <div class="access-map">
      <div class="access-column">
        <Projects {...props} />
        <Roles {...props} />
        <GlobalRoles {...props} />
      </div>
      <div class="access-column">
        <Resources user={props.user} />
        <Sessions user={props.user} />
      </div>
    </div>
  );
}

function RemoveButton({ user, target, onRemove }: AccessMapProps & { target: Target }) {
  const { action } = toPhrase(target, nameOf(user));
  return (
    <button type="button" class="button button-remove" aria-label={action} onClick={() => onRemove(target)}>
      Remove
    </button>
  );
}

function Entry({ name, detail = null }: { name: string; detail?: string | null }) {
  return (
    <span class="entry-text">
      <span class="entry-name">{name}</span> {detail && <span class="entry-detail">{detail}</span>}
    </span>
  );
}

function Projects({ user, onRemove }: AccessMapProps) {
  const pages = useAccessList(user, 'projects');
  const refusal = useTaking('UNASSIGN_USER_FROM_PROJECT');
  return (
    <Listing id="projects" title="Projects" pages={pages} note={refusal}>
      {pages.edges.map(({ role, node: { id, name } }) => (
        <li key={id}>
          <Entry name={name} detail={`as ${role}`} />
          {!refusal && (
            <RemoveButton {...{ user, onRemove }} target={{ field: 'unassignUserFromProject', id, name, role }} />
          )}
        </li>
      ))}
    </Listing>
  );
}

function Roles({ user, onRemove }: AccessMapProps) {
  const pages = useAccessList(user, 'roles');
  const refusal = useTaking('UNASSIGN_USER_FROM_ROLE');
  return (
    <Listing id="roles" title="Roles" pages={pages} note={refusal}>
      {pages.edges.map(({ node: { id, name, description } }) => (
        <li key={id}>
          <Entry name={name} detail={description} />
          {!refusal && <RemoveButton {...{ user, onRemove }} target={{ field: 'unassignUserFromRole', id, name }} />}
        </li>
      ))}
    </Listing>
  );
}

function GlobalRoles({ user, onRemove }: AccessMapProps) {
  const refusal = useTaking('REMOVE_GLOBAL_ROLE');
  return (
    <Listing id="global-roles" title="Global roles" pages={toOnePage(user.globalRoles)} note={refusal}>
      {user.globalRoles.map((name) => (
        <li key={name}>
          <code class="entry-text">{name}</code>
          {!refusal && <RemoveButton {...{ user, onRemove }} target={{ field: 'removeGlobalRole', name }} />}
        </li>
      ))}
    </Listing>
  );
}

const toOnePage = (edges: readonly string[]) => ({
  edges,
  totalCount: edges.length,
  hasMore: false,
  failure: null,
  isLoading: false,
  more: () => {},
});

function Resources({ user }: { user: Access }) {
  const pages = useAccessList(user, 'resources');
  return (
    <Listing id="resources" title="Resources" pages={pages}>
      {pages.edges.map((edge) => (
        <li key={edge.node.id}>
          <Entry name={edge.node.name} />
          <Ways edge={edge} />
        </li>
      ))}
    </Listing>
  );
}

function Ways({ edge: { direct, roles } }: { edge: ResourceEdge }) {
  return (
    <span class="ways">
      <span class="entry-detail">through</span>
      {direct && <span class="way way-direct">direct grant</span>}
      {roles.map(({ id, name }) => (
        <span key={id} class="way">
          {name}
        </span>
      ))}
    </span>
  );
}

function Sessions({ user }: { user: Access }) {
  const pages = useAccessList(user, 'sessions');
  return (
    <Listing id="sessions" title="Active sessions" pages={pages}>
      {pages.edges.map(({ node: { id, startedAt, expiresAt } }) => (
        <li key={id}>
          <span class="entry-text">
            <span class="entry-name">
              since <time dateTime={startedAt}>{formatMinute(startedAt)}</time>
            </span>{' '}
            <span class="entry-detail">
              until <time dateTime={expiresAt}>{formatDay(expiresAt)}</time>
            </span>
          </span>
        </li>
      ))}
    </Listing>
  );
}
