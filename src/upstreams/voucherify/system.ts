import { baseUrl, credential, section } from '../section.js';
import type { System } from '../system.js';
import { projectPattern, toUserReference, userPattern } from './grammar.js';
import { assignAnswers, unassignAnswers } from './status-map.js';

const project = (projectId: string) => ['management', 'v1', 'projects', projectId, 'users'];

/** Voucherify's Management API: who is in which project. */
export const voucherify: System = {
  name: 'VOUCHERIFY',
  section: section({ url: baseUrl, managementId: credential, managementToken: credential }).transform(
    ({ url, managementId, managementToken }) => ({
      url,
      headers: { 'X-Management-Id': managementId, 'X-Management-Token': managementToken },
    }),
  ),
  userPattern,
  targetPattern: projectPattern,
  ignoresCase: false,
  targetNames: {},
  traceIdField: 'request_id',
  remove: {
    toRequest: ({ targetId, userId }) => ({ method: 'DELETE', segments: [...project(targetId), userId] }),
    answers: unassignAnswers,
  },
  grant: {
    toRequest: ({ targetId, userId, projectRole }) => ({
      method: 'POST',
      segments: project(targetId),
      body: { ...toUserReference(userId), ...(projectRole !== undefined && { role: projectRole }) },
    }),
    answers: assignAnswers,
  },
  check: {
    request: { method: 'GET', segments: ['management', 'v1', 'projects'] },
    proves: 'The management token lists projects.',
    leavesOpen: 'Whether it may unassign users shows at the first removal.',
  },
};
