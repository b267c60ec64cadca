import type { Queries } from './database.js';

/** Calls a database function that takes JSON objects and returns one. Throws where the database can't answer. */
export async function callFunction<Answer>(
  queries: Queries,
  name: string,
  ...parameters: readonly object[]
): Promise<Answer> {
  const [row] = await queries.query<{ answer: Answer }>(
    toStatement(name, parameters.length),
    parameters.map((parameter) => JSON.stringify(parameter)),
  );
  if (!row) {
    throw new Error(`${name} returned no row`);
  }
  return row.answer;
}

const statements = new Map<string, string>();

function toStatement(name: string, parameters: number): string {
  let statement = statements.get(name);
  if (statement === undefined) {
    const places = Array.from({ length: parameters }, (_, index) => `$${index + 1}::jsonb`);
    statement = `select ${name}(${places.join(', ')}) as answer`;
    statements.set(name, statement);
  }
  return statement;
}
