import type { UpstreamSystem } from '../../src/errors.js';
import { createLogger } from '../../src/log.js';
import type { Connector, UpstreamCall, Upstreams } from '../../src/upstreams/connector.js';
import type { UpstreamCallFacts } from '../../src/upstreams/observed-call.js';
import { systems } from '../../src/upstreams/systems.js';
import { createUpstreams } from '../../src/upstreams/upstreams.js';
import { fakeSystems } from '../support/fake-systems.js';

export const traceId = '0af7651916cd43dd8448eb211c80319c';

/** A call of each system with ids as its document has them. */
export const calls: Readonly<Record<UpstreamSystem, UpstreamCall>> = {
  VOUCHERIFY: { targetId: 'proj_TrlkLiH4', userId: 'user_v18mvPOjOXE5733eO4cAz8k1pn492wKK', projectRole: 'VIEWER' },
  ENTRYGUARD: { targetId: '550e8400-e29b-41d4-a716-446655440000', userId: '770e8400-e29b-41d4-a716-446655440003' },
  COGNIGY: { targetId: 'userManager', userId: '5ce7c2d833ea1e04d7e6c432' },
};

export const keyOf = (system: UpstreamSystem) => `${calls[system].targetId} ${calls[system].userId}`;

/** A connector as the gateway makes it, and what it told of its calls. */
export interface Connected {
  readonly connector: Connector;
  readonly upstreams: Upstreams;
  readonly lines: Record<string, unknown>[];
  readonly facts: UpstreamCallFacts[];
  /** Removes what {@link calls} has for its system. */
  remove(deadlineMs?: number): ReturnType<Connector['remove']>;
}

/** Connects to an upstream at `url`, with the credential that the fake of the system wants. */
export function connect(system: UpstreamSystem, url: string, credential: object = {}): Connected {
  const section = { ...fakeSystems[system].section, ...credential, url };
  const access = systems.find(({ name }) => name === system)?.section.parse(section);
  if (!access) {
    throw new Error(`There is no system ${system}.`);
  }
  const [lines, facts]: [Record<string, unknown>[], UpstreamCallFacts[]] = [[], []];
  const log = createLogger({ logLevel: 'debug' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const settings = [{ organizationId: 'org_acme', system, ...access }];
  const upstreams = createUpstreams({ settings, log, onCall: (call) => facts.push(call) });
  const connector = upstreams.find('org_acme', system);
  if (!connector) {
    throw new Error(`${system} was not connected.`);
  }
  return {
    ...{ connector, upstreams, lines, facts },
    remove: (deadlineMs) =>
      connector.remove(calls[system], { traceId, ...(deadlineMs !== undefined && { deadlineMs }) }),
  };
}
