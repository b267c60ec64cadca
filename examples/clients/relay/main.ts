import { readRemoval, readSettings, report } from '../command-line.js';
import { createEnvironment } from './environment.js';
import { unassignUserFromProject } from './unassign-user-from-project.js';

report(await unassignUserFromProject(createEnvironment(readSettings()), readRemoval()));
