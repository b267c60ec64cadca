import { readdir, readFile } from 'node:fs/promises';
import type { RunningGateway } from '../upstreams/running-gateway.js';

const megabyte = 1024 ** 2;

/** What a gateway holds: memory in MB, counts of the rest. */
export interface Sample {
  readonly resident: number;
  readonly heap: number;
  readonly descriptors: number;
  readonly connections: number;
}

/** Looks at a gateway's process. Needs Linux, where processes tell what they hold. */
export async function takeSample({ running: { pid }, metrics }: RunningGateway): Promise<Sample> {
  const [status, descriptors, text] = await Promise.all([
    readFile(`/proc/${pid}/status`, 'utf8'),
    readdir(`/proc/${pid}/fd`),
    metrics(),
  ]);
  return {
    resident: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024,
    heap: readMetric(text, 'nodejs_heap_size_used_bytes') / megabyte,
    descriptors: descriptors.length,
    connections: readMetric(text, 'divest_database_connections{state="open"}'),
  };
}

function readMetric(text: string, name: string): number {
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return Number(line?.slice(name.length));
}

/**
 * The means, from one share of the samples to another: 0.2 to 0.3 is the third tenth. Of the heap the least: the rest is
 * garbage that was not collected yet.
 */
export function summarize(samples: readonly Sample[], from: number, to: number): Sample {
  const some = samples.slice(Math.floor(samples.length * from), Math.floor(samples.length * to));
  const mean = (fact: keyof Sample) => some.reduce((sum, sample) => sum + sample[fact], 0) / some.length;
  return {
    ...{ resident: mean('resident'), heap: Math.min(...some.map(({ heap }) => heap)) },
    ...{ descriptors: mean('descriptors'), connections: mean('connections') },
  };
}
