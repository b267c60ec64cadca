import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { AuditTrail } from './audit-trail.js';
import { type Client, createClient } from './client.js';
import type { CredentialHeaders } from './credential.js';
import type { Viewer } from './directory.js';
import type { Documents } from './documents.js';
import { Masthead } from './masthead.js';
import { People } from './people.js';
import { Person } from './person.js';
import { useRoute } from './route.js';
import { SignIn } from './sign-in.js';
import { SignedInContext } from './signed-in.js';

/** The whole page: the form for a credential, or what can be seen and done with it. */
export function App({ documents }: { documents: Documents }) {
  const [caller, setCaller] = useState<{ client: Client; viewer: Viewer } | null>(null);
  const [notice, setNotice] = useState('');
  const current = useRef<Client | null>(null);
  const signedIn = useMemo(() => caller && { ...caller, documents }, [caller, documents]);
  const leave = (why: string) => {
    current.current = null;
    setCaller(null);
    setNotice(why);
  };
  if (signedIn) {
    const signOut = () => {
      history.replaceState(null, '', location.pathname);
      leave('Signed out. The credential is forgotten.');
    };
    return (
      <SignedInContext.Provider value={signedIn}>
        <Rooms onSignOut={signOut} />
      </SignedInContext.Provider>
    );
  }
  const enter = async (headers: CredentialHeaders) => {
    const why = 'The credential is not accepted any more: it has expired or was revoked.';
    // A late answer to whoever was here before says nothing of whoever is here now.
    const client: Client = createClient(headers, () => current.current === client && leave(why));
    // The refusal of what was just typed is the form's to tell.
    const { viewer } = await createClient(headers, () => {}).ask<{ viewer: Viewer }>(documents.viewer);
    current.current = client;
    setCaller({ client, viewer });
  };
  return <SignIn notice={notice} onSubmit={enter} />;
}

function Rooms({ onSignOut }: { onSignOut: () => void }) {
  const route = useRoute();
  useEffect(() => {
    document.title = route.view === 'audit' ? 'Audit trail · Divest console' : 'People · Divest console';
  }, [route.view]);
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to the content
      </button>
      <Masthead view={route.view} onSignOut={onSignOut} />
      <div class={`rooms rooms-${route.view}`}>
        {route.view !== 'audit' && <People selected={route.view === 'person' ? route.id : null} />}
        <main id="main" tabIndex={-1}>
          {route.view === 'audit' && <AuditTrail userId={null} level={1} />}
          {route.view === 'person' && <Person key={route.id} id={route.id} />}
          {route.view === 'people' && <p class="empty">Choose a person to see what they reach, and through what.</p>}
        </main>
      </div>
    </>
  );
}
