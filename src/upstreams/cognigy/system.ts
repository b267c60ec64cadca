import type { UpstreamCall } from '../connector.js';
import type { UpstreamRequest } from '../http.js';
import { baseUrl, credential, section } from '../section.js';
import type { System } from '../system.js';
import { globalRoleNames, globalRolePattern, userPattern } from './grammar.js';
import { changeRoleAnswers } from './status-map.js';

const changeRole = (verb: string, { userId, targetId: role }: UpstreamCall): UpstreamRequest => ({
  method: 'POST',
  segments: ['v2.0', 'users', userId, verb],
  body: { role },
});

/** Cognigy.AI: who holds which global role. */
export const cognigy: System = {
  name: 'COGNIGY',
  section: section({ url: baseUrl, apiKey: credential }).transform(({ url, apiKey }) => ({
    url,
    headers: { 'X-API-Key': apiKey },
  })),
  userPattern,
  targetPattern: globalRolePattern,
  ignoresCase: false,
  targetNames: globalRoleNames,
  traceIdField: 'traceId',
  remove: { toRequest: (call) => changeRole('removerolefromuser', call), answers: changeRoleAnswers },
  grant: { toRequest: (call) => changeRole('addroletouser', call), answers: changeRoleAnswers },
  check: {
    request: { method: 'GET', segments: ['v2.0', 'users'] },
    proves: 'The API key lists users.',
    leavesOpen: 'Whether it may change their roles shows at the first removal.',
  },
};
