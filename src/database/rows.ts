const instant = /_(at|before)$/;
const names = new Map<string, string>();

function toFieldName(column: string): string {
  let name = names.get(column);
  if (name === undefined) {
    name = column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    names.set(column, name);
  }
  return name;
}

/**
 * Turns a table's row, as the database writes it in JSON, into what Prisma would have returned for it: field names
 * instead of column names, dates instead of their text. Every table names its instants `…_at` or `…_before`.
 */
export function toModel<Model>(row: Readonly<Record<string, unknown>>): Model {
  const model: Record<string, unknown> = {};
  for (const [column, value] of Object.entries(row)) {
    model[toFieldName(column)] = typeof value === 'string' && instant.test(column) ? new Date(value) : value;
  }
  return model as Model;
}
