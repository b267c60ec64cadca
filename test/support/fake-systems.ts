import type { UpstreamSystem } from '../../src/errors.js';
import type { FakeAnswer, FakeState, SeenRequest } from './upstreams.js';

/** How one of the three systems speaks: the bodies are those of its document. */
interface FakeSystem {
  readonly basePath: string;
  /** What its section of UPSTREAMS_FILE has besides `url`. */
  readonly section: Readonly<Record<string, string>>;
  act(request: SeenRequest, state: FakeState): FakeAnswer;
}

/** What a path asks for; null where it is none of the system's. */
interface Asked {
  readonly verb: 'remove' | 'grant' | 'list';
  readonly target: string;
  readonly user: string;
  readonly role?: string;
}

const noContent: FakeAnswer = { status: 204 };
const keyOf = ({ target, user }: Asked) => `${target} ${user}`;

function answer(asked: Asked | null, { assignments, projectRoles }: FakeState, answers: Answers): FakeAnswer {
  if (!asked) {
    return answers.unknownPath();
  }
  if (asked.verb === 'list') {
    return { status: 200, body: [] };
  }
  if (asked.verb === 'remove') {
    projectRoles.delete(keyOf(asked));
    return assignments.delete(keyOf(asked)) ? noContent : answers.notAssigned(asked);
  }
  if (assignments.has(keyOf(asked)) && answers.alreadyAssigned) {
    return answers.alreadyAssigned(asked);
  }
  assignments.add(keyOf(asked));
  if (asked.role !== undefined) {
    projectRoles.set(keyOf(asked), asked.role);
  }
  return answers.granted(asked);
}

interface Answers {
  unknownPath(): FakeAnswer;
  notAssigned(asked: Asked): FakeAnswer;
  alreadyAssigned?(asked: Asked): FakeAnswer;
  granted(asked: Asked): FakeAnswer;
}

// ---------------------------------------------------------------- Voucherify

/** An error as Voucherify writes it. */
export const voucherifyError = (code: number, key: string, message: string, details: string, more: object = {}) => ({
  status: code,
  body: { code, key, message, details, request_id: 'v-0e9a1b979a80a99053', ...more },
});

const voucherifyMissing = (type: 'user' | 'project', id: string) =>
  voucherifyError(404, 'not_found', 'Resource not found', `Cannot find ${type} with id ${id}`, {
    resource_id: id,
    resource_type: type,
  });

function askVoucherify({ method, path, body }: SeenRequest): Asked | null {
  const [, target, user] = /^\/management\/v1\/projects\/([^/?]+)\/users(?:\/([^/?]+))?$/.exec(path) ?? [];
  if (method === 'DELETE' && target && user) {
    return { verb: 'remove', target: decodeURIComponent(target), user: decodeURIComponent(user) };
  }
  if (method === 'POST' && target && !user) {
    const { id, login, role } = body as { id?: string; login?: string; role: string };
    return { verb: 'grant', target: decodeURIComponent(target), user: id ?? login ?? '', role };
  }
  return method === 'GET' && path === '/management/v1/projects' ? { verb: 'list', target: '', user: '' } : null;
}

const voucherify: FakeSystem = {
  basePath: '',
  section: { managementId: 'voucherify-id', managementToken: 'voucherify-token' },
  act(request, state) {
    const { 'x-management-id': id, 'x-management-token': token } = request.headers;
    if (id !== 'voucherify-id' || token !== 'voucherify-token') {
      return { status: 401, body: { code: 401, message: 'Unauthorized', key: 'unauthorized' } };
    }
    const asked = askVoucherify(request);
    for (const [type, missing] of [
      ['project', asked?.target],
      ['user', asked?.user],
    ] as const) {
      if (missing !== undefined && state.missing.has(missing)) {
        return voucherifyMissing(type, missing);
      }
    }
    return answer(asked, state, {
      unknownPath: () => voucherifyError(404, 'not_found', 'Resource not found', 'Cannot find the path'),
      notAssigned: () =>
        voucherifyError(400, 'user_not_assigned', 'User is not assigned', 'User is not assigned to the project'),
      alreadyAssigned: () =>
        voucherifyError(400, 'user_already_assigned', 'User is assigned', 'User is already assigned to the project'),
      granted: ({ user, target, role }) => ({ status: 200, body: { id: user, projects: { [target]: role } } }),
    });
  },
};

// ---------------------------------------------------------------- EntryGuard

/** An error as EntryGuard writes it. */
export const entryguardError = (status: number, error: string, message: string, path: string) => ({
  status,
  body: { timestamp: '2026-02-18T10:30:00Z', status, error, message, path },
});

function askEntryguard({ method, path }: SeenRequest): Asked | null {
  const [, target = '', user = ''] = /^\/api\/v1\/roles\/([0-9a-f-]{36})\/users\/([0-9a-f-]{36})$/i.exec(path) ?? [];
  if (method === 'GET' && path === '/api/v1/roles') {
    return { verb: 'list', target: '', user: '' };
  }
  const verb = method === 'DELETE' ? 'remove' : method === 'POST' ? 'grant' : null;
  return target && verb ? { verb, target, user } : null;
}

const entryguard: FakeSystem = {
  basePath: '',
  section: { token: 'entryguard-token' },
  act(request, state) {
    const { path } = request;
    if (request.headers.authorization !== 'Bearer entryguard-token') {
      return entryguardError(401, 'Unauthorized', 'Full authentication is required', path);
    }
    const asked = askEntryguard(request);
    for (const [noun, missing] of [
      ['Role', asked?.target],
      ['User', asked?.user],
    ] as const) {
      if (missing !== undefined && state.missing.has(missing)) {
        return entryguardError(404, 'Not Found', `${noun} not found with id: ${missing}`, path);
      }
    }
    return answer(asked, state, {
      unknownPath: () => entryguardError(404, 'Not Found', 'No such path', path),
      notAssigned: () => entryguardError(404, 'Not Found', 'User not assigned to this role', path),
      granted: () => noContent,
    });
  },
};

// ---------------------------------------------------------------- Cognigy

/** A problem of RFC 7807 as Cognigy writes it; its `code` comes as a text or as a number. */
export const cognigyProblem = (status: number, title: string, code: string | number = '1000') => ({
  status,
  headers: { 'Content-Type': 'application/json; charset=utf-8' },
  body: {
    ...{ type: title, title: `${title} Error`, status, detail: '', instance: '/v2.0/users/5ce7c2d833ea1e04d7e6c432' },
    ...{ code, traceId: 'api--f84324f4-98eb-4f02-abdd-375a2e6c3c1f', details: {} },
  },
});

function askCognigy({ method, path, body }: SeenRequest): Asked | null {
  const [, user = '', verb] = /^\/new\/v2\.0\/users\/([a-z0-9]{24})\/(removerolefrom|addroleto)user$/.exec(path) ?? [];
  if (method === 'GET' && path === '/new/v2.0/users') {
    return { verb: 'list', target: '', user: '' };
  }
  const { role = '' } = (body ?? {}) as { role?: string };
  return method === 'POST' && user && role
    ? { verb: verb === 'addroleto' ? 'grant' : 'remove', target: role, user }
    : null;
}

const cognigy: FakeSystem = {
  basePath: '/new',
  section: { apiKey: 'cognigy-key' },
  act(request, state) {
    if (request.headers['x-api-key'] !== 'cognigy-key') {
      return cognigyProblem(401, 'Unauthorized');
    }
    const asked = askCognigy(request);
    if (asked && state.missing.has(asked.user)) {
      return cognigyProblem(404, 'Not Found');
    }
    return answer(asked, state, {
      unknownPath: () => cognigyProblem(404, 'Not Found'),
      // The document has no answer for a role that the user doesn't hold.
      notAssigned: () => noContent,
      granted: () => noContent,
    });
  },
};

export const fakeSystems: Readonly<Record<UpstreamSystem, FakeSystem>> = {
  VOUCHERIFY: voucherify,
  ENTRYGUARD: entryguard,
  COGNIGY: cognigy,
};
