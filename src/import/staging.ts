import type { Queries } from '../database/database.js';
import { type LinkTable, linkTables, type SectionTable } from './tables.js';

// Characters of JSON that go to the database at once: few round trips, and little memory.
const batchSize = 1024 * 1024;

/** Takes the entries of a file to the database, into a table that is gone with the transaction. */
export class Staging {
  #batch: string[] = [];
  #length = 0;

  private constructor(private readonly queries: Queries) {}

  static async create(queries: Queries): Promise<Staging> {
    await queries.query(
      'create temporary table import_entries (section text, position integer, entry jsonb) on commit drop',
    );
    return new Staging(queries);
  }

  async add(section: string, position: number, entry: unknown): Promise<void> {
    const row = JSON.stringify({ section, position, entry });
    this.#batch.push(row);
    this.#length += row.length;
    if (this.#length >= batchSize) {
      await this.flush();
    }
  }

  async flush(): Promise<void> {
    const rows = `[${this.#batch.join(',')}]`;
    this.#batch = [];
    this.#length = 0;
    await this.queries.query(
      `insert into import_entries
       select r.* from jsonb_to_recordset($1::jsonb) as r(section text, position integer, entry jsonb)`,
      [rows],
    );
  }
}

// Nothing gathers statistics of a temporary table by itself, and without them a join of two can take hours.
const analyze = (queries: Queries, table: string) => queries.query(`analyze ${table}`);

/** Lays out the lists within the staged entries, one row a link: `import_<table>`. */
export async function stageLinks(queries: Queries): Promise<void> {
  await analyze(queries, 'import_entries');
  for (const link of linkTables) {
    await queries.query(`create temporary table import_${link.table} on commit drop as ${linkRows(link)}`);
    await analyze(queries, `import_${link.table}`);
  }
}

// Materialized: an entry with a long list is stored compressed, and would be unpacked again for every one of its links.
const linkRows = ({ section, list, hasRole }: LinkTable) => `
  with owners as materialized (
    select e.position, e.entry->>'id' as id, e.entry->'${list}' as list from import_entries e
    where e.section = '${section}'
  )
  select o.position, (m.place - 1)::integer as place, o.id as owner_id,
         ${hasRole ? "m.value->>'user' as member_id, m.value->>'role' as role" : "m.value #>> '{}' as member_id"}
  from owners o cross join lateral jsonb_array_elements(o.list) with ordinality as m(value, place)`;

/** Lays out the rows that the tables' entries are to become: `import_<table>`. Reads what the directory has now. */
export async function stageRows(queries: Queries, tables: readonly SectionTable[]): Promise<void> {
  for (const table of tables) {
    await queries.query(`create temporary table import_${table.table} on commit drop as ${entryRows(table)}`);
    await analyze(queries, `import_${table.table}`);
  }
}

const entryRows = ({ section, table, columns }: SectionTable) => `
  select e.position, e.entry->>'id' as id, c.id is not null as known,
         ${'organization_id' in columns ? 'c.organization_id' : 'null::text'} as known_organization_id,
         ${'user_id' in columns ? 'c.user_id' : 'null::text'} as known_user_id,
         ${Object.entries(columns).map(([column, value]) => `${value} as ${column}`)}
  from import_entries e left join ${table} c on c.id = e.entry->>'id'
  where e.section = '${section}'`;
