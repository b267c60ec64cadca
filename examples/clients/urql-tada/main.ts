import { run } from '../command-line.js';
import { createClient } from './client.js';
import { unassignUserFromProject } from './unassign-user-from-project.js';

await run((settings, removal) => unassignUserFromProject(createClient(settings), removal));
