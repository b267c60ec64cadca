import { Prisma } from '../generated/prisma/client.js';
import { encodeCursor, type KeyTypes, type Window } from '../page-arguments.js';
import type { Queries } from './database.js';

/** A list of rows that belong to a parent, in the order of a key. All texts are SQL, written in this program. */
export interface List {
  readonly from: string;
  /** The expression that holds the id of the parent. */
  readonly parent: string;
  /** The expressions that order the list; together they are unique within a parent. */
  readonly key: readonly string[];
  readonly keyTypes: KeyTypes;
  readonly descending?: boolean;
  /** What an edge is made of: a select list. */
  readonly columns: string;
}

export interface Row {
  readonly cursor: string;
  readonly [column: string]: unknown;
}

export interface Page {
  readonly rows: readonly Row[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

const { sql, raw, join } = Prisma;

/**
 * The same page of a list for each of the parents, in their order, by one statement. The `lateral` join makes the
 * database walk the list's index once a parent and stop at the page's end, however long the list is.
 */
export async function findPages(
  queries: Queries,
  list: List,
  conditions: readonly Prisma.Sql[],
  window: Window,
  parentIds: readonly string[],
): Promise<Page[]> {
  const direction = Boolean(list.descending) === window.backwards ? 'asc' : 'desc';
  const keys = list.key.map((key, index) => `${key} as key_${index}`).join(', ');
  const order = list.key.map((key) => `${key} ${direction}`).join(', ');
  const { text, values } = sql`
    select parents.parent, page.* from unnest(${parentIds}::text[]) as parents(parent) cross join lateral (
      select ${raw(keys)}, ${raw(list.columns)} from ${raw(list.from)}
      where ${allOf(list, [...conditions, ...bounds(list, window)])}
      order by ${raw(order)} limit ${window.size + 1}::integer
    ) page`;
  const rows = await queries.query<ParentRow>(text, values);
  const byParent = groupByParent(rows);
  return parentIds.map((id) => toPage(byParent.get(id) ?? [], list, window));
}

/** How many rows the list has for each of the parents, in their order, whatever the page. */
export async function countRows(
  queries: Queries,
  list: List,
  conditions: readonly Prisma.Sql[],
  parentIds: readonly string[],
): Promise<number[]> {
  const { text, values } = sql`
    select parents.parent, (select count(*)::integer from ${raw(list.from)} where ${allOf(list, conditions)}) as count
    from unnest(${parentIds}::text[]) as parents(parent)`;
  const rows = await queries.query<{ parent: string; count: number }>(text, values);
  const byParent = new Map(rows.map(({ parent, count }) => [parent, count]));
  return parentIds.map((id) => byParent.get(id) ?? 0);
}

type ParentRow = Readonly<Record<string, unknown>> & { readonly parent: string };

const allOf = (list: List, conditions: readonly Prisma.Sql[]) =>
  join([raw(`${list.parent} = parents.parent`), ...conditions], ' and ');

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

function groupByParent(rows: readonly ParentRow[]): Map<string, ParentRow[]> {
  const groups = new Map<string, ParentRow[]>();
  for (const row of rows) {
    const group = groups.get(row.parent);
    if (group) {
      group.push(row);
    } else {
      groups.set(row.parent, [row]);
    }
  }
  return groups;
}

// One row more than the page holds has been asked for: it tells whether there is another page.
function toPage(found: readonly ParentRow[], list: List, window: Window): Page {
  const isMore = found.length > window.size;
  const rows = found.slice(0, window.size).map((row) => ({ ...row, cursor: encodeCursor(keyOf(row, list)) }));
  return {
    rows: window.backwards ? rows.reverse() : rows,
    hasNextPage: window.backwards ? window.before !== null : isMore,
    hasPreviousPage: window.backwards ? isMore : window.after !== null,
  };
}

const keyOf = (row: ParentRow, list: List) => list.key.map((_, index) => row[`key_${index}`]);
