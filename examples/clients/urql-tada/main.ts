import { readRemoval, readSettings, report } from '../command-line.js';
import { createClient } from './client.js';
import { unassignUserFromProject } from './unassign-user-from-project.js';

report(await unassignUserFromProject(createClient(readSettings()), readRemoval()));
