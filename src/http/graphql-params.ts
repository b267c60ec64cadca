import { isUtf8 } from 'node:buffer';

/** The parameters of GraphQL over HTTP. */
export interface Params {
  readonly query: string;
  readonly variables?: Record<string, unknown> | null;
  readonly operationName?: string | null;
  readonly extensions?: Record<string, unknown> | null;
}

/** The parameters, where they are as they should be. What they are not is said on the long way. */
export function toParams(body: Buffer): Params | null {
  if (!isUtf8(body)) {
    return null;
  }
  let params: unknown;
  try {
    params = JSON.parse(body.toString());
  } catch {
    return null;
  }
  return isParams(params) && !params.query.includes('subscription') ? params : null;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isGiven = (value: unknown) => value !== undefined && value !== null;

function isParams(value: unknown): value is Params {
  if (!isObject(value)) {
    return false;
  }
  const { query, variables, operationName, extensions, ...others } = value;
  return (
    typeof query === 'string' &&
    (!isGiven(variables) || isObject(variables)) &&
    (!isGiven(operationName) || typeof operationName === 'string') &&
    (!isGiven(extensions) || isObject(extensions)) &&
    Object.keys(others).length === 0
  );
}
