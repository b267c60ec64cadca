import { randomBytes } from 'node:crypto';
import type { UpstreamCheck } from './connector.js';
import type { Exchange, UpstreamHttp } from './http.js';
import type { System } from './system.js';

/** Tests the address and the credential of an upstream by a request that changes nothing there. */
export async function checkUpstream({ check }: System, http: UpstreamHttp): Promise<UpstreamCheck> {
  const traceId = randomBytes(16).toString('hex');
  const { result } = await http.exchange(check.request, { traceId });
  return result.kind === 'ANSWERED' ? judge(result, check) : { ...away, note: describe(result) };
}

const away = { reachable: false, credential: 'UNKNOWN' } as const;
const undecided = { reachable: true, credential: 'UNKNOWN' } as const;
const refused = { reachable: true, credential: 'REFUSED' } as const;

const describe = (failure: Exclude<Exchange['result'], { kind: 'ANSWERED' }>) =>
  failure.kind === 'LOST' ? lost[failure.reason] : notSent[failure.reason];

const notSent = {
  UNREACHABLE: 'No connection: check the address, name resolution and the firewall.',
  UNTRUSTED: 'Its certificate is not trusted: check the address, or NODE_EXTRA_CA_CERTS.',
  TIMEOUT: 'No connection within 5 s: check the address and the firewall.',
  UNSAFE: 'The address cannot be put together: check the path of its URL.',
  BREAKER: 'It failed again and again, and is left alone for a while.',
} as const;

const lost = {
  TIMEOUT: 'No answer within 5 s.',
  CONNECTION: 'It ended the connection without an answer.',
  MALFORMED: 'What answers there does not speak HTTP as it should.',
} as const;

type Answered = Extract<Exchange['result'], { kind: 'ANSWERED' }>;

function judge({ status, body }: Answered, { proves, leavesOpen }: System['check']): UpstreamCheck {
  if (status >= 200 && status < 300) {
    return body === undefined
      ? { ...undecided, note: 'What it answers is not JSON, or too much of it: check the path of its URL.' }
      : { reachable: true, credential: 'ACCEPTED', note: `${proves} ${leavesOpen}` };
  }
  switch (status) {
    case 401:
      return { ...refused, note: 'It refuses the credential (401).' };
    case 402:
      return { ...refused, note: 'The plan does not include this API, or a quota is used up (402).' };
    case 403:
      return { ...refused, note: 'It knows the credential, which may not do this (403).' };
    case 404:
      return { ...undecided, note: 'It has nothing at this path (404): check the URL. The credential was not tested.' };
    default:
      return { ...undecided, note: `It answers ${status}, which says nothing of the credential.` };
  }
}
