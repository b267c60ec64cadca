import type { z } from 'zod';
import type { UpstreamSystem } from '../errors.js';
import type { Connector, UpstreamCall } from './connector.js';
import type { UpstreamRequest } from './http.js';
import type { UpstreamAccess } from './section.js';
import type { StatusRow } from './status-table.js';

/** How one thing is asked of a system, and what its answers mean. */
export interface Operation {
  toRequest(call: UpstreamCall): UpstreamRequest;
  readonly answers: readonly StatusRow[];
}

/** Everything in which one system differs from the others: what its folder is made of. */
export interface System {
  readonly name: UpstreamSystem;
  /** The grammar of its section in UPSTREAMS_FILE, which bears its name in small letters. */
  readonly section: z.ZodType<UpstreamAccess>;
  /** See {@link import('./connector.js').Connector}. */
  readonly userPattern: string;
  readonly targetPattern: string;
  readonly ignoresCase: boolean;
  readonly targetNames: Connector['targetNames'];
  readonly remove: Operation;
  readonly grant: Operation;
  /** The field of its answers with the correlation id; null where it has none. */
  readonly traceIdField: string | null;
  /** What is asked to test the address and the credential. It reads, and a check throws away what it reads. */
  readonly check: {
    readonly request: UpstreamRequest;
    /** What the credential was seen to be allowed. */
    readonly proves: string;
    /** What no harmless request can tell. */
    readonly leavesOpen: string;
  };
}
