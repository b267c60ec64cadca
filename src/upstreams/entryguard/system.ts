import type { UpstreamRequest } from '../http.js';
import { baseUrl, credential, section } from '../section.js';
import type { System } from '../system.js';
import { uuidPattern } from './grammar.js';
import { assignAnswers, unassignAnswers } from './status-map.js';

const assignment = (method: UpstreamRequest['method'], roleId: string, userId: string): UpstreamRequest => ({
  method,
  segments: ['api', 'v1', 'roles', roleId, 'users', userId],
});

/** EntryGuard: who has which role. */
export const entryguard: System = {
  name: 'ENTRYGUARD',
  section: section({ url: baseUrl, token: credential }).transform(({ url, token }) => ({
    url,
    headers: { Authorization: `Bearer ${token}` },
  })),
  userPattern: uuidPattern,
  targetPattern: uuidPattern,
  // UUIDs: RFC 9562 has them read without regard to case.
  ignoresCase: true,
  targetNames: {},
  traceIdField: null,
  remove: {
    toRequest: ({ targetId, userId }) => assignment('DELETE', targetId, userId),
    answers: unassignAnswers,
  },
  grant: {
    toRequest: ({ targetId, userId }) => assignment('POST', targetId, userId),
    answers: assignAnswers,
  },
  check: {
    request: { method: 'GET', segments: ['api', 'v1', 'roles'] },
    proves: 'The token lists roles.',
    leavesOpen: 'Whether its user is ORG_ADMIN, and how long the token is good for, shows at the first removal.',
  },
};
