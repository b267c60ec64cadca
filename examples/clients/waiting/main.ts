import { run } from '../command-line.js';
import { unassignUserFromProject } from './unassign-user-from-project.js';

await run(unassignUserFromProject);
