import { useCallback, useState } from 'preact/hooks';
import { formatMinute } from './dates.js';
import { type AccessChange, type AccessChangeEdge, type Connection, nameOf } from './directory.js';
import { Icon, type Shape } from './icons.js';
import { useLoaded, usePages } from './loading.js';
import { More } from './more.js';
import { useSignedIn } from './signed-in.js';
import { FocusedHeading, Problem, Status } from './status.js';

interface AuditTrailProps {
  /** Whose; null for the organization's. */
  readonly userId: string | null;
  readonly level: 1 | 2;
  /** Another number asks again. */
  readonly round?: number;
}

type AccessChangeConnection = Connection<AccessChangeEdge>;

/** Every removal and every grant that was asked for, newest first. */
export function AuditTrail({ userId, level, round = 0 }: AuditTrailProps) {
  const { client, documents } = useSignedIn();
  const [state, setState] = useState('');
  const find = useCallback(
    async (after: string | null, signal?: AbortSignal) => {
      const variables = { userId, state: state || null, after };
      const data = await client.ask<{ accessChanges: AccessChangeConnection }>(
        documents.accessChanges,
        variables,
        signal,
      );
      return data.accessChanges;
    },
    [client, documents, userId, state],
  );
  // Another round asks the same again.
  const load = useCallback((signal: AbortSignal) => find(null, signal), [find, round]);
  const { data, failure, isLoading, reload } = useLoaded(load);
  return (
    <section class="audit" aria-labelledby="audit-title" aria-busy={isLoading}>
      <div class="audit-head">
        {level === 1 ? (
          <FocusedHeading level={1} id="audit-title">
            Audit trail
          </FocusedHeading>
        ) : (
          <h3 id="audit-title" tabIndex={-1}>
            Audit trail
          </h3>
        )}
        <StateFilter onChange={setState} />
      </div>
      <Status text={data && !isLoading ? `${data.totalCount} records of removals and grants` : ''} />
      {failure && <Problem failure={failure} onRetry={reload} />}
      {data && <Records first={data} find={find} withUser={userId === null} />}
    </section>
  );
}

function StateFilter({ onChange }: { onChange: (state: string) => void }) {
  return (
    <label class="state-filter">
      Show
      <select onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        <option value="">everything</option>
        <option value="DONE">done</option>
        <option value="REFUSED">refused</option>
        <option value="PENDING">pending</option>
      </select>
    </label>
  );
}

interface RecordsProps {
  readonly first: AccessChangeConnection;
  readonly find: (after: string | null) => Promise<AccessChangeConnection>;
  readonly withUser: boolean;
}

function Records({ first, find, withUser }: RecordsProps) {
  const pages = usePages(first, find);
  if (pages.totalCount === 0) {
    return <p class="hint">Nothing is on record.</p>;
  }
  return (
    <>
      <table class="records">
        <caption class="visually-hidden">Removals and grants, newest first</caption>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">What</th>
            <th scope="col">Outcome</th>
            <th scope="col">Asked for by</th>
            <th scope="col">Reason</th>
          </tr>
        </thead>
        <tbody>
          {pages.edges.map(({ node }) => (
            <Row key={node.id} change={node} withUser={withUser} />
          ))}
        </tbody>
      </table>
      <More pages={pages} what="records" />
    </>
  );
}

const kinds: Readonly<Record<string, string>> = {
  PROJECT: 'project',
  ROLE: 'role',
  GLOBAL_ROLE: 'global role',
  RESOURCE: 'resource',
};
const shapes: Readonly<Record<string, Shape>> = { DONE: 'kept', REFUSED: 'refused' };

function Row({ change, withUser }: { change: AccessChange; withUser: boolean }) {
  const { id, state, code, system, actor, reason, requestedAt, traceId, user } = change;
  return (
    <tr>
      <td>
        <time dateTime={requestedAt}>{formatMinute(requestedAt)}</time>
        <code class="fine" title={`Trace ${traceId}`}>
          {id}
        </code>
      </td>
      <td>
        {withUser && (
          <>
            {user ? <a href={`#${user.id}`}>{nameOf(user)}</a> : (change.requestedUser ?? 'a user who is not known')}
            {': '}
          </>
        )}
        {toKind(change)} <strong>{toTargetName(change)}</strong>
        <span class="fine hint">{id.startsWith('grant_') ? 'to give' : 'to take away'}</span>
      </td>
      <td>
        <span class={`state state-${state.toLowerCase()}`}>
          <Icon shape={shapes[state] ?? 'unknown'} />
          {state.toLowerCase()}
        </span>
        {code && <code class="fine">{code}</code>}
        {state === 'PENDING' && system && <span class="fine hint">not known yet: {system} has to tell</span>}
      </td>
      <td data-label="by ">
        <code>{actor}</code>
      </td>
      <td data-label="Reason: ">{reason ?? <span class="hint">none given</span>}</td>
    </tr>
  );
}

const toKind = ({ kind }: AccessChange) => (kind === null ? 'what was taken by' : (kinds[kind] ?? kind));

const toTargetName = ({ project, role, resource, globalRole, requestedTarget }: AccessChange) =>
  (project ?? role ?? resource)?.name ?? globalRole ?? requestedTarget;
