import type { Context } from '../context.js';
import { InvalidInputError } from '../errors.js';
import { type IdPrefix, id as idOf, parseInput, prefixOf } from '../grammar.js';
import { maxPageSize } from '../page-arguments.js';
import { builder } from './builder.js';

/** What has an id of its own. */
export interface Entity {
  readonly id: string;
}

/** Finds entities of one type by their ids, in any order, within what the caller may see. */
type FindByIds = (context: Context, ids: string[]) => Promise<readonly Entity[]>;

const types = new Map<IdPrefix, { readonly typeName: string; readonly find: FindByIds }>();

/** Makes a type known to `node` and `nodes`. `find` must answer for the caller's organization only. */
export function registerNode(prefix: IdPrefix, typeName: string, find: FindByIds) {
  types.set(prefix, { typeName, find });
}

/** The types that are known so far. Which those are is settled once the whole schema is loaded. */
export const nodeTypeNames = () => [...types.values()].map(({ typeName }) => typeName);

/** The type that an id belongs to, by its prefix; null where it is no id. */
export function typeNameOf(id: string): string | null {
  const prefix = prefixOf(id);
  return (prefix && types.get(prefix)?.typeName) ?? null;
}

/** Everything with an id of its own. */
export const Node = builder.interfaceRef<Entity>('Node').implement({
  description: 'Something with an id that is unique across the graph, and that can be asked for again by it.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Readable; its prefix (`user_`, `proj_` …) tells the type.' }),
  }),
  resolveType: ({ id }) => typeNameOf(id),
});

/**
 * The entity with this id, or null where there is none that the caller may see. A request that asks for several of one
 * type costs one statement.
 */
export function findNode<Model extends Entity>(context: Context, id: string): Promise<Model | null> {
  const prefix = prefixOf(id);
  const type = prefix && types.get(prefix);
  if (!type) {
    return Promise.resolve(null);
  }
  return context.batches.load(`node ${prefix}`, id, async (ids) => {
    const found = new Map((await type.find(context, [...ids])).map((entity) => [entity.id, entity as Model]));
    return ids.map((wanted) => found.get(wanted) ?? null);
  });
}

/** {@link findNode} for a root field of one type. Throws InvalidInputError where the id isn't one of that type. */
export function findByArgument<Model extends Entity>(context: Context, prefix: IdPrefix, id: string) {
  return findNode<Model>(context, parseInput(idOf(prefix), id, 'id'));
}

function checkId(id: string, ...path: string[]): string {
  if (prefixOf(id) === null) {
    throw new InvalidInputError([{ path, message: 'must be an id, such as user_… or proj_…' }]);
  }
  return id;
}

builder.queryFields((t) => ({
  node: t.field({
    type: Node,
    nullable: true,
    description:
      'Anything that has an id; null where the caller’s organization has no such thing, or the caller may not see it.',
    args: { id: t.arg.id({ required: true, description: 'An id of any type.' }) },
    resolve: (_root, { id }, context) => findNode(context, checkId(id, 'id')),
  }),
  nodes: t.field({
    type: [Node],
    nullable: { list: false, items: true },
    description:
      'Several things by their ids, in the order of the ids; null in the place of each that `node` would not find.',
    args: { ids: t.arg.idList({ required: true, description: `Ids of any types, at most ${maxPageSize}.` }) },
    // As many entries as ids: they count like those of a page (http/page-arguments.ts), which has no cursor here.
    extensions: { pageKeyTypes: [] },
    resolve: (_root, { ids }, context) => {
      if (ids.length > maxPageSize) {
        throw new InvalidInputError([{ path: ['ids'], message: `must be ${maxPageSize} ids at most` }]);
      }
      return Promise.all(ids.map((id, index) => findNode(context, checkId(id, 'ids', String(index)))));
    },
  }),
}));
