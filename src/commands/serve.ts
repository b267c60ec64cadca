import type { Command } from 'commander';
import type { Logger } from 'pino';
import { type Config, ConfigError, loadConfig } from '../config.js';
import type { Database } from '../database/database.js';
import { waitForStopSignal } from './stop-signal.js';
import { openDirectory } from './with-database.js';

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('Run the gateway until it is told to stop. Brings the database up to date first.')
    .addHelpText(
      'after',
      '\nWithout DATABASE_URL it uses a database of its own in .divest and, outside production, loads a demo' +
        '\norganization into it. SIGTERM and SIGINT stop it when what is under way is done; a second one at once.' +
        '\n\nExample:\n  $ PORT=4000 divest serve',
    )
    .action(serve);
}

async function serve(): Promise<void> {
  const config = loadConfig(process.env);
  if (config.upstreams.length > 0) {
    // Taking the file and removing in the directory alone would leave the access where it is.
    throw new ConfigError(['UPSTREAMS_FILE is for `upstreams check` only: removals are not carried out there yet']);
  }
  const stopped = waitForStopSignal();
  const modules = loadGatewayModules();
  const { createLogger } = await import('../log.js');
  const log = createLogger(config);
  const { database } = await openDirectory(config, log);
  try {
    await runGateway({ config, database, log }, await modules, stopped);
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
}

async function runGateway(
  { config, database, log }: Parts,
  { createGateway, startServer }: Awaited<ReturnType<typeof loadGatewayModules>>,
  stopped: Promise<void>,
): Promise<void> {
  const demo = await prepareStart(config, database);
  const gateway = await createGateway({ config, database, clock: () => new Date(), log, ...demo.parts });
  try {
    const { host, port, shutdownGraceSeconds: graceSeconds } = config;
    const server = await startServer({ gateway, host, port, graceSeconds, log });
    log.info({ url: server.url }, 'listening');
    process.stdout.write(demo.describe(`${server.url}/graphql`));
    await stopped;
    await server.close();
  } finally {
    await gateway.close();
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
      describe: (url: string) => describeDemo(url, headers),
    };
  }
  const describe = (url: string) => (config.production ? '' : describeStart(url, database.kind === 'embedded'));
  return { parts: {}, describe };
}
