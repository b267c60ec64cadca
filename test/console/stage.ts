import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { loadConfig } from '../../src/config.js';
import type { Database } from '../../src/database/database.js';
import { loadDemo } from '../../src/demo/demo.js';
import { createDemoHeaders, type DemoHeaders } from '../../src/demo/headers.js';
import { createGateway } from '../../src/gateway.js';
import { type RunningServer, startServer } from '../../src/http/server.js';
import { createLogger } from '../../src/log.js';
import { openTestDatabase } from '../support/databases.js';
import { chromium as chromiumPath } from '../support/global-setup.js';

export const executablePath = chromiumPath;

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Builds the console as it is now, apart from what `npm run build` has made. */
export async function buildConsole(folder: string): Promise<URL> {
  const root = join(import.meta.dirname, '..', '..');
  await promisify(execFile)('npm', ['run', '--silent', 'build:console', '--', `--outdir=${folder}`], { cwd: root });
  return pathToFileURL(`${folder}/`);
}

/** A gateway with the demo on a port, the console as it is now, and a browser that has never been used. */
export class Stage {
  readonly requested: string[] = [];
  readonly complaints: string[] = [];
  private readonly ending: (() => Promise<unknown>)[] = [];
  private server: RunningServer | null = null;
  private browser: BrowserContext | null = null;
  private served: { database: Database; headers: DemoHeaders } | null = null;

  async open(env: Readonly<Record<string, string>> = {}, options: BrowserContextOptions = {}): Promise<void> {
    const [dataDir, profile, built] = await Promise.all([this.makeFolder(), this.makeFolder(), this.makeFolder()]);
    const log = createLogger({ logLevel: 'silent' });
    const database = await openTestDatabase('embedded');
    this.ending.unshift(() => database.close());
    await loadDemo(database);
    const config = loadConfig({ DIVEST_DATA_DIR: dataDir, RATE_LIMIT_PER_MINUTE: '0', ...env });
    this.served = { database, headers: await createDemoHeaders(config, new Date()) };
    const consoleFolder = await buildConsole(built);
    const gateway = await createGateway({ config, database, clock: () => new Date(), log, consoleFolder });
    this.ending.unshift(() => gateway.close());
    this.server = await startServer({ gateway, host: 'localhost', port: 0, graceSeconds: 0, log });
    this.ending.unshift(() => this.server?.close() ?? Promise.resolve());
    this.browser = await chromium.launchPersistentContext(profile, {
      ...{ executablePath, headless: true, args: flags, viewport: { width: 1280, height: 900 } },
      ...options,
    });
    this.ending.unshift(() => this.browser?.close() ?? Promise.resolve());
    this.browser.on('request', (request) => this.requested.push(request.url()));
  }

  private async makeFolder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'divest-console-'));
    this.ending.push(() => rm(folder, { recursive: true, force: true }));
    return folder;
  }

  get url(): string {
    return `${this.server?.url}/console`;
  }

  get database(): Database {
    return opened(this.served).database;
  }

  /** The credential of the demo's administrator, as it is typed into the form. */
  get administratorToken(): string {
    return opened(this.served).headers.administrator?.['Authorization'] ?? '';
  }

  async newPage(hash = ''): Promise<Page> {
    const page = await opened(this.browser).newPage();
    page.on('console', (message) => message.type() === 'error' && this.complaints.push(message.text()));
    page.on('pageerror', (error) => this.complaints.push(error.message));
    // Less than a test has, so that a failure tells what was waited for.
    page.setDefaultTimeout(10_000);
    await page.goto(this.url + hash);
    return page;
  }

  async close(): Promise<void> {
    for (const end of this.ending) {
      await end();
    }
  }
}

function opened<Part>(part: Part | null): Part {
  if (!part) {
    throw new Error('The stage is not open.');
  }
  return part;
}
