import autocannon from 'autocannon';
import { operationsOn } from './operations.js';

// The load, in a process of its own: `load.ts '<job>'`, the result on stdout as JSON.

/** What is asked for, of whom. */
export interface Job {
  readonly url: string;
  readonly token: string;
  readonly users: number;
  readonly operation: string;
  /** Which way the operation is asked for: a GraphQL document, or the variables that the floor takes. */
  readonly dialect: 'graphql' | 'floor';
  readonly connections: number;
  readonly seconds: number;
  /** The number of the first request. */
  readonly first: number;
}

/** What came of it. Milliseconds. */
export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Answers that are not what was expected, the first of them, and requests that got none. */
  readonly wrong: number;
  readonly firstWrong: string | null;
  readonly failed: number;
  /** The number of the first request that was not sent. */
  readonly next: number;
}

async function load(job: Job): Promise<LoadResult> {
  const operation = operationsOn(job.users).find(({ name }) => name === job.operation);
  if (!operation) {
    throw new Error(`There is no operation ${job.operation}.`);
  }
  const { path, body, expected } = operation[job.dialect];
  let next = job.first;
  let [wrong, firstWrong]: [number, string | null] = [0, null];
  const result = await autocannon({
    url: `${job.url}${path}`,
    connections: job.connections,
    duration: job.seconds,
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${job.token}` },
    requests: [
      {
        setupRequest: (request) => ({ ...request, body: body(next++) }),
        onResponse: (status, text) => {
          if (status !== 200 || !text.includes(expected)) {
            wrong += 1;
            firstWrong ??= `${status} ${text.slice(0, 500)}`;
          }
        },
      },
    ],
  });
  const { requests, latency, errors, timeouts, duration } = result;
  return {
    ...{ requests: requests.total, perSecond: requests.total / duration, p50: latency.p50, p99: latency.p99 },
    ...{ wrong, firstWrong, failed: errors + timeouts, next },
  };
}

process.stdout.write(JSON.stringify(await load(JSON.parse(process.argv[2] ?? '') as Job)));
process.exit(0);
