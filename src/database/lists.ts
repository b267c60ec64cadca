import { Prisma } from '../generated/prisma/client.js';
import { encodeCursor, type KeyTypes, maxPageSize, type Window } from '../page-arguments.js';
import type { Reads } from './reads.js';

/** A list of rows that belong to a parent, in the order of a key. All texts are SQL, written in this program. */
export interface List {
  readonly from: string;
  /** The expression that holds the id of the parent. */
  readonly parent: string;
  /** The expressions that order the list; together they are unique within a parent. */
  readonly key: readonly string[];
  readonly keyTypes: KeyTypes;
  readonly descending?: boolean;
  /** What an edge is made of: a select list. Its `node` is a row of a table, as JSON. */
  readonly columns: string;
  /** Its `node` is of nodes.ts, and so a model already. */
  readonly hasModels?: true;
}

/** A row as the database wrote it in JSON. */
type Found = Readonly<Record<string, unknown>>;

/** A row of a list. */
export type Row = Found & { readonly list: List };

export interface Page {
  readonly rows: readonly Row[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

const { sql, raw, join } = Prisma;

/**
 * The same page of a list for each of the parents, in their order, by one statement. The database
 * walks the list's index once a parent and stops at the page's end, however long the list is.
 */
export async function findPages(
  reads: Reads,
  list: List,
  conditions: readonly Prisma.Sql[],
  window: Window,
  parentIds: readonly string[],
): Promise<Page[]> {
  const [only = ''] = parentIds;
  if (parentIds.length === 1) {
    return [toPage(await reads.find(selectPage(list, conditions, window, sql`${only}`)), list, window)];
  }
  const pages = await reads.find<{ parent: string; rows: readonly Found[] }>(sql`
    select parents.parent, array(
      select to_json(page) from (${selectPage(list, conditions, window, raw('parents.parent'))}) page
    ) as rows
    from unnest(${parentIds}::text[]) as parents(parent)`);
  const byParent = new Map(pages.map(({ parent, rows }) => [parent, rows]));
  return parentIds.map((id) => toPage(byParent.get(id) ?? [], list, window));
}

function selectPage(list: List, conditions: readonly Prisma.Sql[], window: Window, parent: Prisma.Sql): Prisma.Sql {
  const direction = Boolean(list.descending) === window.backwards ? 'asc' : 'desc';
  const keys = list.key.map((key, index) => `${key} as key_${index}`).join(', ');
  const order = list.key.map((key) => `${key} ${direction}`).join(', ');
  return sql`
      select ${raw(keys)}, ${raw(list.columns)} from ${raw(list.from)}
      where ${allOf(list, parent, [...conditions, ...bounds(list, window)])}
      order by ${raw(order)} limit ${raw(String(limitFor(window.size)))}`;
}

// Written into the statement: only then the database knows, without looking at each request, that the page is short, and
// keeps one plan. In steps, so that there are few such statements; what is too much is dropped.
const limits = [11, 21, 51, 101];
const limitFor = (size: number) => limits.find((limit) => limit > size) ?? maxPageSize + 1;

/** How many rows the list has for each of the parents, in their order, whatever the page. */
export async function countRows(
  reads: Reads,
  list: List,
  conditions: readonly Prisma.Sql[],
  parentIds: readonly string[],
): Promise<number[]> {
  const rows = await reads.find<{ parent: string; count: number }>(sql`
    select parents.parent, (
      select count(*) from ${raw(list.from)} where ${allOf(list, raw('parents.parent'), conditions)}
    ) as count
    from unnest(${parentIds}::text[]) as parents(parent)`);
  const byParent = new Map(rows.map(({ parent, count }) => [parent, count]));
  return parentIds.map((id) => byParent.get(id) ?? 0);
}

const allOf = (list: List, parent: Prisma.Sql, conditions: readonly Prisma.Sql[]) =>
  join([sql`${raw(list.parent)} = ${parent}`, ...conditions], ' and ');

function bounds(list: List, { after, before }: Window): Prisma.Sql[] {
  const key = raw(`(${list.key.join(', ')})`);
  const place = (values: readonly string[]) =>
    sql`(${join(values.map((value, index) => sql`${value}::${raw(list.keyTypes[index] ?? 'text')}`))})`;
  const [behind, ahead] = list.descending ? [raw('<'), raw('>')] : [raw('>'), raw('<')];
  return [
    ...(after ? [sql`${key} ${behind} ${place(after)}`] : []),
    ...(before ? [sql`${key} ${ahead} ${place(before)}`] : []),
  ];
}

// At least one row more than the page holds has been asked for: it tells whether there is another page.
function toPage(found: readonly Found[], list: List, window: Window): Page {
  const isMore = found.length > window.size;
  // In place: these rows are nobody else's, and there may be thousands of them.
  const rows = found.slice(0, window.size).map((row) => Object.assign(row, { list }));
  return {
    rows: window.backwards ? rows.reverse() : rows,
    hasNextPage: window.backwards ? window.before !== null : isMore,
    hasPreviousPage: window.backwards ? isMore : window.after !== null,
  };
}

/** The cursor that leads back to a row of its list. */
export const cursorOf = (row: Row): string =>
  encodeCursor(
    row.list.keyTypes.map((type, index) => {
      const part = row[`key_${index}`];
      return type === 'timestamptz' ? new Date(String(part)) : part;
    }),
  );
