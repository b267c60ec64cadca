import type { Database, Queries } from '../database/database.js';
import { toModel } from '../database/rows.js';
import { findHorizon } from './horizon.js';

/** Which records, in the order in which they were settled. */
export interface ExportRange {
  readonly organizationId: string | null;
  /** Those settled at this instant or later; null: from the beginning. */
  readonly since: Date | null;
  /** Those that come after this one, which was settled at `since`. */
  readonly afterId: string | null;
}

/** Takes the lines of some records, each with its line break. The next ones are read once it resolves. */
export type WriteLines = (lines: string, ids: readonly string[]) => Promise<void>;

const batchSize = 1_000;
// A reader may pause, and a million records take a while to sort.
const timeoutMs = 3_600_000;

const columns = `id, organization_id, kind::text, state::text, code, user_id, project_id, role_id, global_role::text,
  resource_id, project_role, requested_user, requested_target, actor, credential, reason, requested_at, settled_at,
  trace_id, system::text, upstream_trace_id`;

// The instant by itself too: by it, the index finds where to begin.
const range = `settled_at <= $1 and settled_at >= $2 and ($3::text is null or settled_at > $2 or id > $3)
  and ($4::text is null or organization_id = $4)`;

// Ids are compared byte by byte, as everywhere.
const declareCursor = `
  declare records no scroll cursor for
  select 'Revocation' as type, ${columns}, offboarding_id, null as revocation_id from revocations where ${range}
  union all
  select 'Grant', ${columns}, null, revocation_id from grants where ${range}
  order by settled_at, id`;

interface RecordRow extends Readonly<Record<string, unknown>> {
  readonly type: string;
  readonly id: string;
}

const toLine = ({ type, ...row }: RecordRow) => `${JSON.stringify({ __typename: type, ...toModel<object>(row) })}\n`;

/**
 * Writes every settled record of the range as a line of JSON, in the order in which they were settled, and returns how
 * many there were. Fields are called what the schema and its models call them; all of them are in every line. What comes
 * after the last line of an export is all that it didn't have. Throws ExportError.
 */
export async function exportRecords(database: Database, of: ExportRange, write: WriteLines): Promise<number> {
  const horizon = await findHorizon(database);
  const parameters = [horizon, of.since ?? new Date(0), of.afterId, of.organizationId];
  const work = async (queries: Queries) => {
    await queries.query(declareCursor, parameters);
    let count = 0;
    for (;;) {
      const rows = await queries.query<RecordRow>(`fetch ${batchSize} from records`);
      if (rows.length === 0) {
        return count;
      }
      count += rows.length;
      const lines = rows.map(toLine).join('');
      await write(
        lines,
        rows.map(({ id }) => id),
      );
    }
  };
  return database.transaction(work, { statementTimeoutMs: timeoutMs });
}

/** When a record was settled: null where it is PENDING, undefined where there is none of that id. */
export async function findSettledAt(queries: Queries, id: string): Promise<Date | null | undefined> {
  const [row] = await queries.query<{ settled_at: Date | null }>(
    `select settled_at from revocations where id = $1 union all select settled_at from grants where id = $1`,
    [id],
  );
  return row?.settled_at;
}
