// Shipped with every version of Divest: copy it into your program.
import possibleTypes from '../../../artefacts/possibleTypes.json' with { type: 'json' };
import { readRemoval, readSettings, report } from '../command-line.js';
import { createClient } from './client.js';
import { unassignUserFromProject } from './unassign-user-from-project.js';

const client = createClient({ ...readSettings(), possibleTypes });
report(await unassignUserFromProject(client, readRemoval()));
