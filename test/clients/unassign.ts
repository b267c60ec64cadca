import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import possibleTypes from '../../artefacts/possibleTypes.json' with { type: 'json' };
import { createClient as createApolloClient } from '../../examples/clients/apollo-codegen/client.js';
import { unassignUserFromProject as unassignByApollo } from '../../examples/clients/apollo-codegen/unassign-user-from-project.js';
import type { Removal, Settings } from '../../examples/clients/command-line.js';
import type { Outcome } from '../../examples/clients/outcome.js';
import { createEnvironment } from '../../examples/clients/relay/environment.js';
import { unassignUserFromProject as unassignByRelay } from '../../examples/clients/relay/unassign-user-from-project.js';
import { createClient as createUrqlClient } from '../../examples/clients/urql-tada/client.js';
import { unassignUserFromProject as unassignByUrql } from '../../examples/clients/urql-tada/unassign-user-from-project.js';
import { unassignUserFromProject as unassignByFetch } from '../../examples/clients/waiting/unassign-user-from-project.js';

export const examplesFolder = join(import.meta.dirname, '../../examples/clients');

type Unassign = (settings: Settings, removal: Removal) => Promise<Outcome>;

/** Every example, in its own words: takes a user out of a project. */
export const examples: readonly (readonly [string, Unassign])[] = [
  [
    'Apollo Client',
    ({ url, headers }, input) => unassignByApollo(createApolloClient({ url, headers, possibleTypes }), input),
  ],
  ['urql', (settings, input) => unassignByUrql(createUrqlClient(settings), input)],
  ['Relay', (settings, input) => unassignByRelay(createEnvironment(settings), input)],
  ['fetch', (settings, input) => unassignByFetch(settings, input)],
  ['curl', unassignByCurl],
];

/** The settings as the programs take them. */
export const toEnvironment = ({ url, headers }: Settings) => ({
  PATH: process.env['PATH'] ?? '',
  DIVEST_URL: url,
  DIVEST_MANAGEMENT_ID: headers['X-Management-Id'] ?? '',
  DIVEST_MANAGEMENT_TOKEN: headers['X-Management-Token'] ?? '',
});

// The exit code tells no more than done or not; the answer is printed.
async function unassignByCurl(settings: Settings, { projectId, user }: Removal): Promise<Outcome> {
  const program = join(examplesFolder, 'curl/unassign-user-from-project.sh');
  const run = promisify(execFile)(program, [projectId, 'id' in user ? user.id : user.login], {
    env: toEnvironment(settings),
  });
  return run.then(
    ({ stdout }) => ({ state: 'done', message: stdout }),
    ({ code, stdout }) => ({ state: code === 1 ? 'refused' : 'unknown', message: stdout }),
  );
}
