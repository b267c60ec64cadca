import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { openPostgresql } from '../../src/database/postgresql.js';
import { loadDemo } from '../../src/demo/demo.js';
import type { CompiledCli } from '../commands/compiled.js';
import { createPostgresqlDatabase } from '../support/databases.js';
import { type RunningGateway, startGateway } from '../upstreams/running-gateway.js';

/** A `serve` on a PostgreSQL database of its own, looked at from outside. */
export interface ObservedGateway {
  readonly origin: string;
  readonly databaseUrl: string;
  readonly pid: number;
  /** One line of /metrics by its beginning, as a number; null where there is no such line. */
  metric(beginning: string): Promise<number | null>;
  /** Processor time used so far. Milliseconds, in steps of ten. */
  cpuMs(): number;
  /** Resident memory. Bytes. */
  memoryBytes(): number;
  /** Whether the process has not ended. */
  isAlive(): boolean;
  /** Asks it to end, and returns its exit code. */
  stop(): Promise<number | null>;
}

const users = 300;

// Of both organizations of the demo, each with the same.
const fill = ['org_demo', 'org_basic'].flatMap((organization) => [
  `insert into roles (id, organization_id, name)
   select 'role_${organization.slice(4)}' || i, '${organization}', 'Role ' || i from generate_series(1, 40) i`,
  `insert into users (id, organization_id, login, name, subject)
   select 'user_${organization.slice(4)}' || i, '${organization}', '${organization.slice(4)}' || i || '@load.test', 'User ' || i,
     'user_${organization.slice(4)}' || i from generate_series(1, ${users}) i`,
  `insert into role_users (organization_id, role_id, user_id)
   select '${organization}', 'role_${organization.slice(4)}' || 1 + (i + k * 7) % 40, 'user_${organization.slice(4)}' || i
   from generate_series(1, ${users}) i, generate_series(0, 4) k`,
]);

/**
 * Starts the compiled gateway on the demo organization and a few hundred users more. `toUrl` makes of the database's URL
 * the one by which the gateway reaches it.
 */
export async function startObservedGateway(
  cli: CompiledCli,
  env: Readonly<Record<string, string>> = {},
  toUrl: (databaseUrl: string) => string | Promise<string> = (url) => url,
): Promise<ObservedGateway> {
  const { url: databaseUrl, drop } = await createPostgresqlDatabase();
  const database = await openPostgresql({ databaseUrl, databasePoolSize: 1 }, pino({ level: 'silent' }));
  await loadDemo(database);
  for (const statement of [...fill, 'analyze']) {
    await database.query(statement);
  }
  await database.close();
  const { running }: RunningGateway = await startGateway(cli, {
    DATABASE_URL: await toUrl(databaseUrl),
    ...env,
  });
  const [, origin = ''] = /(http:\S+)\/graphql/.exec(await running.waitFor('curl ')) ?? [];
  let isAlive = true;
  void running.ended.then(() => {
    isAlive = false;
  });
  const { pid } = running;
  return {
    ...{ origin, databaseUrl, pid },
    metric: async (beginning) => {
      const text = await (await fetch(`${origin}/metrics`)).text();
      const line = text.split('\n').find((one) => one.startsWith(`${beginning} `));
      return line === undefined ? null : Number(line.slice(beginning.length + 1));
    },
    cpuMs: () => {
      const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
      const [user, system] = fields.split(' ').slice(11, 13);
      return (Number(user) + Number(system)) * 10;
    },
    memoryBytes: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024,
    isAlive: () => isAlive,
    stop: async () => {
      running.kill('SIGTERM');
      const { code } = await running.ended;
      await drop();
      return code;
    },
  };
}
