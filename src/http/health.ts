import type { Logger } from 'pino';
import type { Queries } from '../database/database.js';
import type { Upstreams } from '../upstreams/connector.js';
import type { HttpPlugin } from './plugin.js';
import { type Answer, json, useRoute } from './route.js';

const databaseTimeoutMs = 1000;

/** What readiness depends on. */
export interface HealthParts {
  readonly database: Pick<Queries, 'query'>;
  /** Whether the gateway is about to stop and should get no more requests. */
  readonly isDraining: () => boolean;
  readonly upstreams: Pick<Upstreams, 'state'>;
  readonly log: Logger;
}

const live = json(200, '{"status":"live"}');
const ready = json(200, '{"status":"ready"}');
const degraded = json(200, '{"status":"DEGRADED"}');
const notReady = json(503, '{"status":"not ready"}');

/**
 * `/health/live`: the process runs and answers. A process that doesn't should be started again.
 * `/health/ready`: the database answers within a second, and the gateway is not about to stop. Otherwise 503, without
 * saying why: anyone may ask. However many ask, one question at a time goes to the database. An upstream that is away
 * makes it DEGRADED and no more: other gateways would find the same, and all else goes on.
 */
export function useHealth(parts: HealthParts): HttpPlugin {
  const { log } = parts;
  return {
    onPluginInit({ addPlugin }) {
      addPlugin(useRoute({ path: '/health/live', log, answer: async () => live }));
      addPlugin(useRoute({ path: '/health/ready', log, answer: createReadiness(parts) }));
    },
  };
}

function createReadiness({ database, isDraining, upstreams }: HealthParts): () => Promise<Answer> {
  let asking: Promise<boolean> | null = null;
  const isDatabaseThere = () => {
    asking ??= ask(database).finally(() => {
      asking = null;
    });
    return asking;
  };
  const isAnyAway = () => upstreams.state().some(({ breaker }) => breaker === 'OPEN');
  return async () => {
    // Asked again when the database has answered: what is told then is to be true.
    const isReady = !isDraining() && (await isDatabaseThere()) && !isDraining();
    return isReady ? (isAnyAway() ? degraded : ready) : notReady;
  };
}

function ask(database: HealthParts['database']): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, databaseTimeoutMs, false);
    const settle = (isThere: boolean) => {
      clearTimeout(timer);
      resolve(isThere);
    };
    database.query('select 1').then(
      () => settle(true),
      () => settle(false),
    );
  });
}
