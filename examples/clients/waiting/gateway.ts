import type { Settings } from '../command-line.js';

/** An answer of the gateway to one field. */
export interface Answer {
  readonly __typename: string;
  readonly [field: string]: unknown;
}

/** Sends an operation and returns its data. Throws where there is none; then it is not known whether it was done. */
export async function ask<Data>({ url, headers }: Settings, query: string, variables: object): Promise<Data> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(30_000),
  });
  const { data, errors } = (await response.json()) as { data?: Data; errors?: { message: string }[] };
  if (!data || errors) {
    throw new Error(errors?.[0]?.message ?? 'The gateway answered nothing.');
  }
  return data;
}
