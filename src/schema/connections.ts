import type { ArgBuilder, FieldMap, InterfaceRef, ObjectFieldBuilder, ObjectRef } from '@pothos/core';
import type { Context } from '../context.js';
import { countRows, cursorOf, findPages, type List, type Page, type Row } from '../database/lists.js';
import { toModel } from '../database/rows.js';
import { shareable } from '../federation/subgraph.js';
import type { Prisma } from '../generated/prisma/client.js';
import { defaultPageSize, maxPageSize, type PageArguments, toWindow } from '../page-arguments.js';
import { builder, type Types } from './builder.js';

/** One page of one parent's list. Nothing is asked of the database before a field of it is. */
export interface Connection {
  readonly page: () => Promise<Page>;
  readonly count: () => Promise<number>;
}

const PageInfo = builder.objectRef<Page>('PageInfo').implement({
  description: 'Where a page stands in its list, as in the Relay cursor connections specification.',
  extensions: shareable,
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', { description: 'Whether more entries follow this page.' }),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage', { description: 'Whether entries precede this page.' }),
    startCursor: t.string({
      nullable: true,
      description: 'The cursor of the first edge: pass it as `before` to page backwards. Null on an empty page.',
      resolve: ({ rows: [first] }) => (first ? cursorOf(first) : null),
    }),
    endCursor: t.string({
      nullable: true,
      description: 'The cursor of the last edge: pass it as `after` to page forwards. Null on an empty page.',
      resolve: ({ rows }) => {
        const last = rows.at(-1);
        return last ? cursorOf(last) : null;
      },
    }),
  }),
});

interface ConnectionOptions<Model> {
  /** Without `Connection`. */
  readonly name: string;
  readonly node: ObjectRef<Types, Model> | InterfaceRef<Types, Model>;
  readonly description: string;
  readonly nodeDescription: string;
  readonly edgeFields?: (t: ObjectFieldBuilder<Types, Row>) => FieldMap;
}

/** A connection and its edge, as in the Relay specification, with `totalCount`. Its list selects each row's `node`. */
export function connectionType<Model>({
  name,
  node,
  description,
  nodeDescription,
  edgeFields,
}: ConnectionOptions<Model>) {
  const Edge = builder.objectRef<Row>(`${name}ConnectionEdge`).implement({
    description: `One entry of a ${name}Connection.`,
    fields: (t) => ({
      cursor: t.string({
        description: 'Leads back to this entry: pass it as `after` or `before`.',
        resolve: cursorOf,
      }),
      node: t.field({
        type: node,
        description: nodeDescription,
        resolve: ({ node: found, list }) =>
          (list.hasModels ? found : toModel(found as Record<string, unknown>)) as never,
      }),
      ...edgeFields?.(t),
    }),
  });
  return builder.objectRef<Connection>(`${name}Connection`).implement({
    description,
    fields: (t) => ({
      edges: t.field({
        type: [Edge],
        description: 'The entries of this page.',
        resolve: async (c) => (await c.page()).rows,
      }),
      pageInfo: t.field({ type: PageInfo, description: 'Where this page stands.', resolve: (c) => c.page() }),
      totalCount: t.int({ description: 'How many entries all pages have together.', resolve: (c) => c.count() }),
    }),
  });
}

/** Arguments for paging forwards. */
export const forwardArgs = (arg: ArgBuilder<Types>) => ({
  first: arg.int({
    description: `Up to so many entries from the start: at most ${maxPageSize}, ${defaultPageSize} where left out.`,
  }),
  after: arg.string({ description: 'Only entries behind this cursor.' }),
});

/** Arguments for paging in both directions. */
export const pageArgs = (arg: ArgBuilder<Types>) => ({
  ...forwardArgs(arg),
  last: arg.int({
    description: `Up to so many entries from the end: at most ${maxPageSize}. Not together with \`first\`.`,
  }),
  before: arg.string({ description: 'Only entries ahead of this cursor.' }),
});

/** Lets bad page arguments be found before anything of the operation is carried out; see http/page-arguments.ts. */
export const pageExtensions = (list: List) => ({ pageKeyTypes: list.keyTypes });

/**
 * A parent's page of a list. Parents of one request that ask for the same page with the same conditions share
 * a statement. `facts` is put into every row, for the fields of the edges. Throws InvalidInputError where the
 * arguments are wrong.
 */
export function connect(
  { reads, batches }: Context,
  list: List,
  parentId: string,
  args: PageArguments,
  conditions: readonly Prisma.Sql[] = [],
  facts: object | null = null,
): Connection {
  const window = toWindow(args, list.keyTypes);
  const name = conditions.length > 0 ? `${nameOf(list)} ${JSON.stringify(conditions)}` : nameOf(list);
  const pageName = `page ${window.size} ${window.backwards} ${args.after ?? ''} ${args.before ?? ''} ${name}`;
  let page: Promise<Page> | undefined;
  return {
    page: () => {
      page ??= batches
        .load(pageName, parentId, (ids) => findPages(reads, list, conditions, window, ids))
        .then((found) => (facts ? withFacts(found, facts) : found));
      return page;
    },
    count: () => batches.load(`count ${name}`, parentId, (ids) => countRows(reads, list, conditions, ids)),
  };
}

const names = new Map<List, string>();

/** A short text that tells the lists apart. There are as many as this program has. */
function nameOf(list: List): string {
  const name = names.get(list) ?? `list ${names.size}`;
  names.set(list, name);
  return name;
}

const withFacts = (page: Page, facts: object): Page => ({
  ...page,
  rows: page.rows.map((row) => ({ ...row, ...facts })),
});
