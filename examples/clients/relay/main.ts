import { run } from '../command-line.js';
import { createEnvironment } from './environment.js';
import { unassignUserFromProject } from './unassign-user-from-project.js';

await run((settings, removal) => unassignUserFromProject(createEnvironment(settings), removal));
