// Shipped with every version of Divest: copy it into your program.
import possibleTypes from '../../../artefacts/possibleTypes.json' with { type: 'json' };
import { run } from '../command-line.js';
import { createClient } from './client.js';
import { unassignUserFromProject } from './unassign-user-from-project.js';

await run((settings, removal) => unassignUserFromProject(createClient({ ...settings, possibleTypes }), removal));
