import { cpus, totalmem } from 'node:os';
import type { LoadResult } from './load.js';
import type { Operation } from './operations.js';

/** One load and what it cost: microseconds of the server's processor time a request. */
export interface Measured extends LoadResult {
  readonly cpu: number;
}

/** All that was measured in one run. */
export interface Report {
  readonly results: readonly { readonly operation: Operation; readonly measured: ReadonlyMap<string, Measured[]> }[];
  /** By contestant and operation. */
  readonly statements: ReadonlyMap<string, number>;
  readonly memory: ReadonlyMap<string, number>;
  readonly starts: ReadonlyMap<string, number>;
  /** The gateway on a directory a hundred times smaller, by operation. */
  readonly small: ReadonlyMap<string, readonly Measured[]>;
  /** By operation and number of processes. */
  readonly workers: ReadonlyMap<string, ReadonlyMap<number, readonly Measured[]>>;
  readonly options: {
    readonly rounds: number;
    readonly seconds: number;
    readonly warmUpSeconds: number;
    readonly connections: number;
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

type Figure = 'perSecond' | 'cpu' | 'p50' | 'p99';
const of = (measured: readonly Measured[] | undefined, figure: Figure) =>
  median((measured ?? []).map((one) => one[figure]));
const row = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
const ratio = (value: number) => value.toFixed(2);

/** The page of the results, complete. */
export function toMarkdown(report: Report): string {
  const { rounds, seconds, warmUpSeconds, connections } = report.options;
  return `# Performance

Written by \`npm run bench\` on ${cpus()[0]?.model.trim()} (${cpus().length} processors, ${Math.round(totalmem() / 2 ** 30)} GiB), Node ${process.version}, PostgreSQL with
100,000 users, 1,000 projects, 500 roles, 2,000 resources, five projects and five roles a user; ${connections} connections from a second
process, medians of ${rounds} rounds of ${seconds} s in rotating order, after ${warmUpSeconds} s of each operation to warm up. Every answer is looked at, and the rows are counted afterwards.

- **floor**: node:http and \`pg\` with the same database function, one hand-written statement with JSON aggregation for each query, the
  same token: no GraphQL, no rules, no limits, no log. Where nothing else asks the directory, it asks whether the caller is still
  let in, as Divest does at every request.
- **conventional**: Apollo Server and Prisma with an interactive transaction.

## Against the floor

Requests per second, and the server's own processor time a request (steadier: the load and the database share the machine).

${row(['operation', 'divest', 'of the floor', 'target', 'conventional', 'of the floor', 'µs: divest', 'floor', 'conventional', 'µs: floor / divest'])}
${row(Array(10).fill('---'))}
${report.results.map(toComparison).join('\n')}

## Latency and statements

Milliseconds at ${connections} connections; SQL statements a request, BEGIN and COMMIT among them. The callers of requests
that come together are looked up together: hence parts of a statement.

${row(['operation', 'contestant', 'p50', 'p99', 'statements'])}
${row(Array(5).fill('---'))}
${report.results.flatMap((result) => toLatencies(result, report.statements)).join('\n')}

## 100,000 users against 1,000

What a request costs the gateway on the large directory, divided by its cost on the small one (target: 1.2 at most).

${row(['operation', 'µs: 1,000 users', 'µs: 100,000 users', 'cost'])}
${row(Array(4).fill('---'))}
${report.results.map(({ operation, measured }) => toGrowth(operation, measured.get('divest'), report.small)).join('\n')}

## Several processes

What a request costs all processes of \`serve --workers\` together, on the small directory. A process needs a processor that neither the
database nor the load uses: with more of them than that, they get in each other's way, and look fewer callers up at once.

${row(['operation', 'processes', 'requests a second', 'µs', 'cost against one'])}
${row(Array(5).fill('---'))}
${[...report.workers].flatMap(([name, byCount]) => [...byCount].map(([count, measured]) => row([name, count, of(measured, 'perSecond').toFixed(0), of(measured, 'cpu').toFixed(0), ratio(of(measured, 'cpu') / of(byCount.get(1), 'cpu'))]))).join('\n')}

## Start and memory

From the start of the process to its first answer on PostgreSQL (target: 1.5 s at most), and resident memory after the run.

${row(['contestant', 'start', 'memory'])}
${row(Array(3).fill('---'))}
${[...report.starts].map(([name, ms]) => row([name, `${(ms / 1000).toFixed(2)} s`, `${Math.round((report.memory.get(name) ?? 0) / 2 ** 20)} MiB`])).join('\n')}

## What was found

- A function in SQL that PostgreSQL 15 can't inline is read and planned at every call. With those of a removal in PL/pgSQL, a refused one
  costs the database 0.5 ms in place of 1.3. The floor calls the same function: it has become twice as fast with it, as Divest has.
- The hooks of Yoga's pipeline were a third of the smallest query and a fifth of a refused removal; its fetch layer more than that. So plain
  requests go another way ([direct-way.ts](../src/http/direct-way.ts)), step for step the same.
- V8 puts a function that is assigned to a property as it stands (\`context.x = () => …\`) into the old generation, with all that it refers to:
  garbage that only a large collection finds. Five such a request, and one a query in the driver, made of 55 KB that a small query
  leaves 11 that small collections carried about: a quarter of its cost. They are given a name first now
  ([complete-context.ts](../src/complete-context.ts), [patient-client.ts](../src/database/patient-client.ts)).
- What is left between a removal and its floor: GraphQL, a typed union for an answer, the rules, who calls (the floor believes the
  token), admission, metrics.

## To repeat it

\`\`\`console
$ npm ci
$ BENCH_DATABASE_URL=postgresql://postgres@127.0.0.1:5432/postgres npm run bench
\`\`\`

It makes two databases of its own and drops them, and takes half an hour. Nothing else should run on the machine.
`;
}

function toComparison({ operation, measured }: Report['results'][number]): string {
  const figure = (name: string, what: Figure) => of(measured.get(name), what);
  const floor = figure('floor', 'perSecond');
  const [divest, conventional] = [figure('divest', 'perSecond'), figure('conventional', 'perSecond')];
  return row([
    ...[operation.name, divest.toFixed(0), ratio(divest / floor), operation.target ?? '–', conventional.toFixed(0)],
    ratio(conventional / floor),
    ...['divest', 'floor', 'conventional'].map((name) => figure(name, 'cpu').toFixed(0)),
    ratio(figure('floor', 'cpu') / figure('divest', 'cpu')),
  ]);
}

const toLatencies = ({ operation, measured }: Report['results'][number], statements: Report['statements']) =>
  [...measured].map(([name, results]) =>
    row([
      operation.name,
      name,
      of(results, 'p50'),
      of(results, 'p99'),
      ratio(statements.get(`${name} ${operation.name}`) ?? Number.NaN),
    ]),
  );

function toGrowth({ name }: Operation, onLarge: readonly Measured[] | undefined, onSmall: Report['small']): string {
  const [large, small] = [of(onLarge, 'cpu'), of(onSmall.get(name), 'cpu')];
  return row([name, small.toFixed(0), large.toFixed(0), ratio(large / small)]);
}
