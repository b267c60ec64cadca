import type { Logger } from 'pino';
import type { Queries } from '../database/database.js';
import type { UpstreamSystem } from '../errors.js';
import type { Upstreams } from './connector.js';

interface Waiting {
  readonly organization: string;
  readonly system: UpstreamSystem;
  readonly calls: number;
}

/**
 * Warns of calls that are still to be made in systems that the settings don't name, any more or on this gateway: where no
 * gateway knows the system, their records stay PENDING for ever.
 */
export async function warnOfAbandonedCalls(
  queries: Queries,
  upstreams: Pick<Upstreams, 'find'>,
  log: Logger,
): Promise<void> {
  const waiting = await queries.query<Waiting>(
    `select organization_id as organization, system::text, count(*)::integer as calls from upstream_calls
     group by organization_id, system order by organization_id, system`,
  );
  for (const { organization, system, calls } of waiting) {
    if (!upstreams.find(organization, system)) {
      log.warn({ organization, system, calls }, 'calls are PENDING in a system that UPSTREAMS_FILE does not name');
    }
  }
}
