import SchemaBuilder from '@pothos/core';
import ErrorsPlugin from '@pothos/plugin-errors';
import PrismaPlugin from '@pothos/plugin-prisma';
import type { Context } from '../context.js';
import { getDatamodel, type default as PrismaTypes } from '../generated/pothos.js';
import { catchAllPlugin } from './plugins/catch-all.js';
import { rulesPlugin } from './plugins/rules.js';

export interface SchemaTypes {
  Context: Context;
  PrismaTypes: PrismaTypes;
  DefaultFieldNullability: false;
  DefaultInputFieldRequiredness: false;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: never; Output: Date };
    /** Whatever a larger gateway sends: it is checked where it is used. */
    _Any: { Input: unknown; Output: never };
  };
}

/** {@link SchemaTypes} as Pothos completes them: what its builders of fields and arguments are made for. */
export type Types = PothosSchemaTypes.ExtendDefaultTypes<SchemaTypes>;

/** Everything that the schema is made of is defined on this builder; see index.ts. */
export const builder = new SchemaBuilder<SchemaTypes>({
  // The first is the outermost: errors become union members last, after everything else had its say.
  plugins: [ErrorsPlugin, catchAllPlugin, rulesPlugin, PrismaPlugin],
  defaultFieldNullability: false,
  errors: { directResult: true },
  prisma: {
    client: (context) => context.database.prisma,
    dmmf: getDatamodel(),
    onUnusedQuery: null,
  },
});

builder.queryType({ description: 'What the directory holds and what was taken away. Every field needs a credential.' });
builder.mutationType({
  description:
    'Taking access away, and giving it back. Each field answers a union: its success, or a typed error that implements ' +
    '`AccessError`.',
});

builder.scalarType('DateTime', {
  description: 'An instant in UTC, RFC 3339, such as `2026-02-18T10:30:00.000Z`.',
  serialize: (instant) => instant.toISOString(),
  parseValue: () => {
    throw new TypeError('DateTime is not used in inputs.');
  },
});
