import type { Outcome } from './outcome.js';

/** Where the gateway is and as whom to ask. The defaults are those of the demo, which `npm start` shows. */
export interface Settings {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What is to be removed: who from which project. */
export interface Removal {
  readonly projectId: string;
  readonly user: { readonly id: string } | { readonly login: string };
}

export function readSettings({ env } = process): Settings {
  return {
    url: env['DIVEST_URL'] ?? 'http://localhost:4000/graphql',
    headers: {
      'X-Management-Id': env['DIVEST_MANAGEMENT_ID'] ?? 'mgmt_demo',
      'X-Management-Token': env['DIVEST_MANAGEMENT_TOKEN'] ?? 'demo-management-token-everyone-knows',
    },
  };
}

/** Reads `PROJECT USER`, as in `proj_TrlkLiH4 vera@demo.test`; the user by id or by login. */
export function readRemoval([projectId, user]: readonly string[] = process.argv.slice(2)): Removal {
  if (!projectId || !user) {
    throw new Error('Say which project, and which user (id or login).');
  }
  return { projectId, user: user.startsWith('user_') ? { id: user } : { login: user } };
}

/** Says what a removal came to. The exit code is 0 only where it is done. */
export function report({ state, message }: Outcome): void {
  console.log(`${state}: ${message}`);
  process.exitCode = state === 'done' ? 0 : 1;
}
