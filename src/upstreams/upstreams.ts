import type { Logger } from 'pino';
import type { Tracing } from '../tracing/tracing.js';
import type { Upstreams } from './connector.js';
import { createConnector } from './create-connector.js';
import { createUpstreamHttp } from './http.js';
import type { UpstreamCallFacts } from './observed-call.js';
import type { UpstreamSettings } from './settings.js';
import { systems } from './systems.js';

export interface UpstreamsParts {
  readonly settings: readonly UpstreamSettings[];
  readonly log: Logger;
  readonly tracing?: Pick<Tracing, 'startCall'> | null;
  /** Told of every removal and grant, when it has ended. */
  readonly onCall: (facts: UpstreamCallFacts) => void;
}

/** Makes the connectors that the settings name. Nothing is sent before the first call. */
export function createUpstreams({ settings, ...parts }: UpstreamsParts): Upstreams {
  const opened = settings.map((one) => open(one, parts));
  return {
    find: (organizationId, system) =>
      opened.find((one) => one.organizationId === organizationId && one.connector.system === system)?.connector ?? null,
    all: () => opened,
    state: () =>
      opened.map(({ organizationId, connector: { system }, http }) => ({
        ...{ organizationId, system, breaker: http.breakerState() },
      })),
    close: async () => {
      for (const { http } of opened) {
        http.close();
      }
    },
  };
}

function open(
  { organizationId, system: name, url, headers }: UpstreamSettings,
  { log, onCall, tracing = null }: Omit<UpstreamsParts, 'settings'>,
) {
  const system = systems.find((system) => system.name === name);
  if (!system) {
    throw new Error(`There is no connector for ${name}.`);
  }
  const onBreakerChange = (state: string) =>
    log.warn({ organization: organizationId, system: name, breaker: state }, 'upstream breaker');
  const http = createUpstreamHttp({ url, headers, onBreakerChange, system: name, tracing });
  return { organizationId, http, connector: createConnector(system, { organizationId, http, log, onCall }) };
}
