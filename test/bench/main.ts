import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { compileContestants, createToken, type Running, start } from './contestants.js';
import { type BenchDatabase, createBenchDatabase, large, type Size, small } from './directory.js';
import type { Job, LoadResult } from './load.js';
import { type Operation, operationsOn } from './operations.js';
import { type Measured, median, type Report, toMarkdown } from './report.js';
import { countStatements } from './statement-counter.js';

// `npm run bench [-- --rounds 3 --seconds 4 --warm-up 8 --connections 16]`: measures the gateway between the floor and what is
// conventional, and writes docs/performance.md. Needs PostgreSQL (BENCH_DATABASE_URL) and Linux (/proc).

const run = promisify(execFile);
const server = process.env['BENCH_DATABASE_URL'] ?? 'postgresql://postgres@127.0.0.1:5432/postgres';
const option = (name: string, standard: number) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? standard : Number(process.argv[at + 1]);
};
const [rounds, seconds, connections] = [option('rounds', 3), option('seconds', 4), option('connections', 16)];
// Until programs are compiled, plans are made and pages are in memory: for everybody, and for each operation.
const warmUpSeconds = option('warm-up', 8);
const workerCounts = [1, 2, 4];
const { contestants, loadScript } = await compileContestants();
const token = await createToken();
const say = (text: string) => process.stderr.write(`${text}\n`);

/** The numbers of requests that were used already, by operation: what was taken away can't be taken again. */
const used = new Map<string, number>();

async function load(running: Running, operation: Operation, users: number, duration: number): Promise<Measured> {
  const key = operation.isConsuming ? `${operation.name} ${users}` : `${running.url} ${operation.name}`;
  const job: Job = {
    ...{ url: running.url, token, users, operation: operation.name, dialect: running.contestant.dialect },
    ...{ connections, seconds: duration, first: used.get(key) ?? 0 },
  };
  const before = running.cpuMicroseconds();
  const { stdout } = await run(process.execPath, [loadScript, JSON.stringify(job)]);
  const result = JSON.parse(stdout) as LoadResult;
  const cpu = (running.cpuMicroseconds() - before) / result.requests;
  if (result.wrong > 0 || result.failed > 0) {
    throw new Error(
      `${running.contestant.name}, ${operation.name}: ${result.wrong} wrong answers, ${result.failed} failed: ${result.firstWrong}`,
    );
  }
  used.set(key, result.next);
  return { ...result, cpu };
}

/** One operation, all contestants, in rounds: each begins as often as the others, so that none always follows the same. */
async function compare(all: readonly Running[], operation: Operation, database: BenchDatabase) {
  const measured = new Map(all.map(({ contestant }) => [contestant.name, [] as Measured[]]));
  const before = await countRows(database);
  let done = 0;
  for (const running of all) {
    done += (await load(running, operation, large.users, warmUpSeconds)).requests;
  }
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < all.length; turn++) {
      const running = all[(round + turn) % all.length];
      if (running) {
        const result = await load(running, operation, large.users, seconds);
        done += result.requests;
        measured.get(running.contestant.name)?.push(result);
        say(
          `${operation.name}, ${running.contestant.name}: ${result.perSecond.toFixed(0)}/s, ${result.cpu.toFixed(0)} µs`,
        );
      }
    }
  }
  // What was under way when the load ended comes to its end.
  await sleep(1_000);
  const after = await countRows(database);
  verifyRows(operation, done, {
    assignments: before.assignments - after.assignments,
    records: after.records - before.records,
  });
  return measured;
}

const countRows = async (database: BenchDatabase) => ({
  assignments: await database.count('select count(*) from role_users'),
  records: await database.count("select count(*) from revocations where state = 'DONE'"),
});

/** What was answered to be done must be done, and nothing else. Requests under way at the end may be done, not counted. */
function verifyRows(
  { name, isConsuming }: Operation,
  answered: number,
  rows: { assignments: number; records: number },
) {
  const expected = isConsuming ? answered : 0;
  const most = expected + (isConsuming ? connections * (rounds + 1) * contestants.length : 0);
  if (rows.assignments !== rows.records || rows.assignments < expected || rows.assignments > most) {
    throw new Error(`${name}: ${answered} answers, ${rows.assignments} rows gone, ${rows.records} records`);
  }
}

/** Statements that one request costs, once the process is warm. */
async function countPerOperation(databaseUrl: string, operations: readonly Operation[]) {
  const counter = await countStatements(databaseUrl);
  const counts = new Map<string, number>();
  for (const contestant of contestants) {
    const running = await start(contestant, counter.url, token);
    for (const operation of operations) {
      await load(running, operation, large.users, 1);
      const before = counter.statements();
      const { requests } = await load(running, operation, large.users, 1);
      // Requests under way at the end are in the count of statements only: a few in thousands.
      counts.set(`${contestant.name} ${operation.name}`, (counter.statements() - before) / requests);
    }
    await running.stop();
  }
  counter.close();
  return counts;
}

async function withDatabase<Result>(name: string, size: Size, work: (database: BenchDatabase) => Promise<Result>) {
  say(`making a directory of ${size.users} users`);
  const database = await createBenchDatabase(server, name, size);
  try {
    return await work(database);
  } finally {
    await database.drop();
  }
}

async function measureLarge(database: BenchDatabase): Promise<Omit<Report, 'small' | 'workers' | 'options'>> {
  const operations = operationsOn(large.users);
  const starts = new Map<string, number[]>();
  const all: Running[] = [];
  for (const contestant of contestants) {
    for (let i = 0; i < 3; i++) {
      const running = await start(contestant, database.url, token);
      starts.set(contestant.name, [...(starts.get(contestant.name) ?? []), running.startMs]);
      await (i < 2 ? running.stop() : all.push(running));
    }
  }
  const results = [];
  for (const operation of operations) {
    results.push({ operation, measured: await compare(all, operation, database) });
  }
  const memory = new Map(all.map((running) => [running.contestant.name, running.memoryBytes()]));
  await Promise.all(all.map((running) => running.stop()));
  const statements = await countPerOperation(database.url, operations);
  return { results, statements, memory, starts: new Map([...starts].map(([name, times]) => [name, median(times)])) };
}

/** The gateway alone, on a directory a hundred times smaller. */
async function measureSmall(database: BenchDatabase): Promise<Report['small']> {
  const [divest] = contestants;
  if (!divest) {
    throw new Error('There is nothing to measure.');
  }
  const running = await start(divest, database.url, token);
  const measured = new Map<string, Measured[]>();
  for (const operation of operationsOn(small.users)) {
    const loadAnew = async (duration: number) => {
      await database.restore();
      used.delete(`${operation.name} ${small.users}`);
      return load(running, operation, small.users, duration);
    };
    for (let second = 0; second < warmUpSeconds; second++) {
      await loadAnew(1);
    }
    for (let round = 0; round < rounds; round++) {
      const result = await loadAnew(operation.isConsuming ? 1 : seconds);
      measured.set(operation.name, [...(measured.get(operation.name) ?? []), result]);
    }
  }
  await running.stop();
  return measured;
}

/** What requests cost the gateway where several processes serve, in turn with what they cost where one does. */
async function measureWorkers(database: BenchDatabase): Promise<Report['workers']> {
  const [divest] = contestants;
  const measured = new Map<string, ReadonlyMap<number, readonly Measured[]>>();
  const operations = operationsOn(small.users).filter(({ name }) =>
    ['{ __typename }', 'the same, not assigned'].includes(name),
  );
  const all = new Map<number, Running>();
  for (const count of workerCounts) {
    const options = count === 1 ? [] : ['--workers', String(count)];
    if (divest) {
      all.set(count, await start({ ...divest, arguments: [...divest.arguments, ...options] }, database.url, token));
    }
  }
  for (const operation of operations) {
    const byCount = new Map<number, Measured[]>(workerCounts.map((count) => [count, []]));
    for (let round = -1; round < rounds; round++) {
      for (const [count, running] of all) {
        // Each process has to see as much as one alone does above, of a load that they share, on as many processors.
        const duration = round < 0 ? 3 * count * warmUpSeconds : seconds;
        const result = await load(running, operation, small.users, duration);
        byCount.get(count)?.push(...(round < 0 ? [] : [result]));
      }
    }
    measured.set(operation.name, byCount);
  }
  await Promise.all([...all.values()].map((running) => running.stop()));
  return measured;
}

const report: Report = {
  ...(await withDatabase('divest_bench_large', large, measureLarge)),
  ...(await withDatabase('divest_bench_small', small, async (database) => ({
    small: await measureSmall(database),
    workers: await measureWorkers(database),
  }))),
  options: { rounds, seconds, warmUpSeconds, connections },
};
const path = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));
writeFileSync(path, toMarkdown(report));
await run('npx', ['biome', 'format', '--write', '--log-level=error', path]);
say(`written: ${path}`);
process.exit(0);
