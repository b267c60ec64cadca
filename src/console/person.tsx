import { useCallback, useState } from 'preact/hooks';
import { AccessMap } from './access-map.js';
import { AuditTrail } from './audit-trail.js';
import { type AccessMap as Access, nameOf } from './directory.js';
import { useLoaded } from './loading.js';
import type { Target } from './removal.js';
import { RemovalDialog } from './removal-dialog.js';
import { useSignedIn } from './signed-in.js';
import { FocusedHeading, Problem } from './status.js';

/** One user: the access map, what can be taken away, and the record of what was. */
export function Person({ id }: { id: string }) {
  const { client, documents } = useSignedIn();
  const [target, setTarget] = useState<Target | null>(null);
  const [round, setRound] = useState(0);
  const load = useCallback(
    (signal: AbortSignal) => client.ask<{ user: Access | null }>(documents.accessMap, { id }, signal),
    [client, documents, id],
  );
  const { data, failure, isLoading, reload } = useLoaded(load);
  const leaveDialog = (isSent: boolean) => {
    const section = sectionOf(target);
    setTarget(null);
    if (isSent) {
      reload();
      setRound((count) => count + 1);
      // What opened the dialog may be gone with the access.
      document.getElementById(section)?.focus();
    }
  };
  if (!data) {
    return failure ? <Problem failure={failure} onRetry={reload} /> : <p class="hint waiting">Loading…</p>;
  }
  const { user } = data;
  if (!user) {
    return <FocusedHeading level={2}>There is no such person, or none that you may see.</FocusedHeading>;
  }
  return (
    <article class="person" aria-busy={isLoading} aria-labelledby="person-name">
      <Portrait user={user} />
      {failure && <Problem failure={failure} onRetry={reload} />}
      <AccessMap user={user} onRemove={setTarget} />
      <AuditTrail userId={id} level={2} round={round} />
      {target && <RemovalDialog user={user} target={target} onClose={leaveDialog} />}
    </article>
  );
}

const sections: Readonly<Record<Target['field'], string>> = {
  unassignUserFromProject: 'projects',
  unassignUserFromRole: 'roles',
  removeGlobalRole: 'global-roles',
};

const sectionOf = (target: Target | null) => (target ? sections[target.field] : '');

function Portrait({ user }: { user: Access }) {
  const { login, id, active, orgAdmin, canStartSession } = user;
  return (
    <header class="portrait">
      <FocusedHeading level={2} id="person-name">
        {nameOf(user)}
      </FocusedHeading>
      <p class="portrait-ids">
        <span>{login}</span> <code>{id}</code>
      </p>
      <ul class="badges" aria-label="Standing">
        <li class="badge">{active ? 'active' : 'inactive'}</li>
        {orgAdmin && <li class="badge badge-strong">organization administrator</li>}
        <li class="badge">{canStartSession ? 'can start sessions' : 'can’t start sessions'}</li>
      </ul>
    </header>
  );
}
