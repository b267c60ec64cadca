import { type Command, InvalidArgumentError } from 'commander';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { type Config, loadConfig } from '../config.js';
import type { Database } from '../database/database.js';
import type { Place } from '../demo/announcement.js';
import { CommandError, exitCodes } from './failure.js';
import { waitForStopSignal } from './stop-signal.js';
import { openDirectory } from './with-database.js';

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('Run the gateway until it is told to stop. Brings the database up to date first.')
    .option('--workers <count>', 'processes that share the port, on PostgreSQL', parseCount)
    .addHelpText(
      'after',
      '\nWithout DATABASE_URL it uses a database of its own in .divest and, outside production, loads a demo' +
        '\norganization into it. SIGTERM and SIGINT stop it when what is under way is done; a second one at once.' +
        '\n\nEach worker has DATABASE_POOL_SIZE connections of its own. One that ends is started again.' +
        '\n\nExample:\n  $ PORT=4000 divest serve' +
        '\n  $ DATABASE_URL=postgresql://… divest serve --workers 4',
    )
    .action(serve);
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) {
    throw new InvalidArgumentError('It must be a whole number from 1 to 999.');
  }
  return Number(text);
}

async function serve({ workers }: { readonly workers?: number }): Promise<void> {
  const config = loadConfig(process.env);
  if (workers === undefined) {
    await serveHere(config, waitForStopSignal(), alone);
    return;
  }
  const { isWorker } = await import('../workers/worker.js');
  await (isWorker(process.env) ? serveAsWorker(config) : serveByWorkers(config, workers));
}

/** How the process that serves is part of a whole. */
interface Surroundings {
  /** What every line of the log has. */
  readonly bindings: object;
  /** Tells the person who has started it that it takes requests. */
  readonly announce: (text: string) => void;
  readonly joinMetrics?: (registries: Registry[]) => () => Promise<string>;
  /** Whether it is this one that warns of what is the same for all. */
  readonly warns: boolean;
}

const alone: Surroundings = { bindings: {}, announce: (text) => process.stdout.write(text), warns: true };

async function serveAsWorker(config: Config): Promise<void> {
  const [{ isFirstWorker, leavePrimary, tellListening, waitForWorkerStop }, { shareMetrics }] = await Promise.all([
    import('../workers/worker.js'),
    import('../workers/metrics.js'),
  ]);
  try {
    await serveHere(config, waitForWorkerStop(), {
      bindings: { pid: process.pid },
      announce: tellListening,
      joinMetrics: shareMetrics,
      warns: isFirstWorker(),
    });
  } finally {
    leavePrimary();
  }
}

async function serveByWorkers(config: Config, count: number): Promise<void> {
  if (config.databaseUrl === null) {
    throw new CommandError('Only on PostgreSQL can several workers serve. Set DATABASE_URL.', exitCodes.usage);
  }
  const stopped = waitForStopSignal();
  const [{ runWorkers }, { createLogger }] = await Promise.all([import('../workers/primary.js'), import('../log.js')]);
  const log = createLogger(config).child({ pid: process.pid });
  const databaseConnections = count * config.databasePoolSize;
  log.info({ workers: count, databaseConnections }, 'workers are started');
  if (config.redisUrl === null && config.rateLimitPerMinute > 0 && count > 1) {
    log.warn(
      { workers: count },
      'each worker counts rate limits for itself: set REDIS_URL to have them counted together',
    );
  }
  const announce = (text: string) => process.stdout.write(text);
  await runWorkers({ count, graceSeconds: config.shutdownGraceSeconds, stopped, announce, log });
}

async function serveHere(config: Config, stopped: Promise<void>, surroundings: Surroundings): Promise<void> {
  const modules = loadGatewayModules();
  const { createLogger } = await import('../log.js');
  const log = createLogger(config).child(surroundings.bindings);
  const { database } = await openDirectory(config, log);
  try {
    await runGateway({ config, database, log, surroundings }, await modules, stopped);
  } finally {
    await database.close();
  }
}

// Takes half a second, in which the database can be opened.
async function loadGatewayModules() {
  const [gateway, server] = await Promise.all([import('../gateway.js'), import('../http/server.js')]);
  return { ...gateway, ...server };
}

interface Parts {
  readonly config: Config;
  readonly database: Database;
  readonly log: Logger;
  readonly surroundings: Surroundings;
}

async function runGateway(
  { config, database, log, surroundings }: Parts,
  { createGateway, startServer }: Awaited<ReturnType<typeof loadGatewayModules>>,
  stopped: Promise<void>,
): Promise<void> {
  const demo = await prepareStart(config, database);
  if (config.production && surroundings.warns) {
    await warnOfOwnership(database, log);
  }
  const { joinMetrics } = surroundings;
  const parts = { ...demo.parts, ...(joinMetrics && { joinMetrics }) };
  const gateway = await createGateway({ config, database, clock: () => new Date(), log, ...parts });
  try {
    const { host, port, shutdownGraceSeconds: graceSeconds } = config;
    const server = await startServer({ gateway, host, port, graceSeconds, log });
    log.info({ url: server.url }, 'listening');
    surroundings.announce(demo.describe(toPlace(config, server.url)));
    await stopped;
    await server.close();
  } finally {
    await gateway.close();
  }
}

const toPlace = ({ graphiql, console }: Config, server: string): Place => ({
  url: `${server}/graphql`,
  pages: {
    ...(graphiql !== 'off' && { GraphiQL: `${server}/graphql` }),
    ...(console !== 'off' && { 'The console': `${server}/console` }),
  },
});

// Whoever takes over a gateway that serves as the owner of its tables could also rewrite what it has done.
async function warnOfOwnership(database: Database, log: Logger): Promise<void> {
  if (database.kind === 'embedded') {
    return;
  }
  const { waysToRewriteRecords } = await import('../database/gateway-role.js');
  const ways = await waysToRewriteRecords(database);
  if (ways.length > 0) {
    log.warn({ ways }, 'the role of DATABASE_URL could change records: see divest grant-database-role --help');
  }
}

/** What the gateway gets from the demo organization, if it is there, and what to tell the person who started it. */
async function prepareStart(config: Config, database: Database) {
  const [{ prepareDemo }, { createDemoHeaders, toHeadersByField }, { describeDemo, describeStart }] = await Promise.all(
    [import('../demo/demo.js'), import('../demo/headers.js'), import('../demo/announcement.js')],
  );
  if (await prepareDemo(database, config.production)) {
    const headers = await createDemoHeaders(config, new Date());
    return {
      parts: { demoHeaders: async () => toHeadersByField(headers) },
      describe: (place: Place) => describeDemo(place, headers),
    };
  }
  const describe = (place: Place) => (config.production ? '' : describeStart(place, database.kind === 'embedded'));
  return { parts: {}, describe };
}
