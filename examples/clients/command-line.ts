import { type Outcome, unknown } from './outcome.js';

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

type Unassign = (settings: Settings, removal: Removal) => Promise<Outcome>;

/**
 * Runs a program: reads what it is told, carries it out, and says what it came to. The exit code is 0 only where that is
 * done, 1 where it was refused or isn't known, 2 where the program was not told what to do.
 */
export async function run(unassign: Unassign): Promise<void> {
  const removal = readRemoval(process.argv.slice(2));
  if (!removal) {
    console.error('Say which project, and which user by id or login: main.ts proj_TrlkLiH4 vera@demo.test');
    process.exitCode = 2;
    return;
  }
  const settings = readSettings(process.env);
  const { state, message } = await unassign(settings, removal).catch((error) => toUnknown(error, settings));
  console.log(`${state}: ${message}`);
  process.exitCode = state === 'done' ? 0 : 1;
}

const readSettings = (env: NodeJS.ProcessEnv): Settings => ({
  url: env['DIVEST_URL'] ?? 'http://localhost:4000/graphql',
  headers: {
    'X-Management-Id': env['DIVEST_MANAGEMENT_ID'] ?? 'mgmt_demo',
    'X-Management-Token': env['DIVEST_MANAGEMENT_TOKEN'] ?? 'demo-management-token-everyone-knows',
  },
});

/** Reads `PROJECT USER`, as in `proj_TrlkLiH4 vera@demo.test`; null where one of the two is missing. */
export function readRemoval([projectId, user]: readonly string[]): Removal | null {
  if (!projectId || !user) {
    return null;
  }
  // A login can't look like an id, but may begin like one.
  return { projectId, user: /^user_[A-Za-z0-9-]{1,64}$/.test(user) ? { id: user } : { login: user } };
}

// The connection may have broken after the gateway had done it.
function toUnknown(error: unknown, { url }: Settings): Outcome {
  const what = error instanceof Error ? error.message : 'no answer';
  return unknown(`Not known to be removed: ${what} (${url}). It is safe to ask again.`);
}
