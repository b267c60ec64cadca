import { nameOf, type Viewer } from './directory.js';
import { useSignedIn } from './signed-in.js';

const credentials: Readonly<Record<string, string>> = {
  MANAGEMENT_TOKEN: 'management token',
  BEARER: 'bearer token',
  SESSION: 'session token',
  API_KEY: 'API key',
  CXONE: 'CXone token',
};

/** Where one is, and who one is. */
export function Masthead({ view, onSignOut }: { view: string; onSignOut: () => void }) {
  const { viewer } = useSignedIn();
  return (
    <header class="masthead">
      <Brand />
      <nav aria-label="Console">
        <a href="#people" aria-current={view === 'audit' ? undefined : 'page'}>
          People
        </a>
        <a href="#audit" aria-current={view === 'audit' ? 'page' : undefined}>
          Audit trail
        </a>
      </nav>
      <p class="caller">
        <span class="caller-name">{toCallerName(viewer)}</span>
        <span class="caller-way">
          {viewer.organization.name}, by {credentials[viewer.credential] ?? viewer.credential}
        </span>
      </p>
      <button type="button" class="button" onClick={onSignOut}>
        Sign out
      </button>
    </header>
  );
}

const toCallerName = ({ user, credential }: Viewer) =>
  user ? nameOf(user) : credential === 'MANAGEMENT_TOKEN' ? 'Automation' : 'Unknown to the directory';

export function Brand() {
  return (
    <p class="brand">
      <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <rect width="32" height="32" rx="9" />
        <path d="M9 16h14" />
      </svg>
      Divest
    </p>
  );
}
