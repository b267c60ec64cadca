import { InvalidInputError } from '../errors.js';

/**
 * How many entities a larger gateway may ask for at once. More than a page has: gateways gather what all lists of another
 * subgraph refer to, and don't know how to ask in parts.
 */
export const maxRepresentations = 1000;

/** By what a larger gateway names an entity. What it sends beside the key is of no use here. */
export interface Representation {
  readonly typeName: string;
  readonly id: string;
}

/**
 * Reads what a larger gateway sends. Throws InvalidInputError with everything that is wrong with it. An id that is none
 * of this graph is nothing wrong: another subgraph may hold it, and its neighbours in the batch are to be answered.
 */
export function parseRepresentations(representations: readonly unknown[], typeNames: ReadonlySet<string>) {
  if (representations.length > maxRepresentations) {
    throw new InvalidInputError([
      { path: ['representations'], message: `must be ${maxRepresentations} representations at most` },
    ]);
  }
  const parsed = representations.map((value) => parseRepresentation(value, typeNames));
  const issues = parsed.flatMap((one, index) =>
    typeof one === 'string' ? [{ path: ['representations', String(index)], message: one }] : [],
  );
  if (issues.length > 0) {
    throw new InvalidInputError(issues);
  }
  return parsed.filter((one) => typeof one !== 'string');
}

/** The representation, or what is wrong with it. */
function parseRepresentation(value: unknown, typeNames: ReadonlySet<string>): Representation | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return 'must be an object';
  }
  const { __typename: typeName, id } = value as Record<string, unknown>;
  if (typeof typeName !== 'string' || !typeNames.has(typeName)) {
    return `__typename must be one of ${[...typeNames].sort().join(', ')}`;
  }
  return typeof id === 'string' ? { typeName, id } : 'must have an id, which is a text';
}
