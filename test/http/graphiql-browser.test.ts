import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.js';
import { demoCredentials } from '../../src/demo/credentials.js';
import { loadDemo } from '../../src/demo/demo.js';
import { createDemoHeaders, toHeadersByField } from '../../src/demo/headers.js';
import { createGateway, type Gateway } from '../../src/gateway.js';
import { refusals } from '../../src/http/graphiql-examples.js';
import { errorsPath } from '../../src/http/graphiql-tabs.js';
import { type RunningServer, startServer } from '../../src/http/server.js';
import { createLogger } from '../../src/log.js';
import { buildSchema } from '../../src/schema/index.js';
import { openTestDatabase } from '../support/databases.js';
import { chromium as chromiumPath } from '../support/global-setup.js';

const executablePath = chromiumPath;
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const schema = buildSchema({ typePrefix: '' });
const mutations = Object.keys(schema.getMutationType()?.getFields() ?? {});
const subscriptions = Object.keys(schema.getSubscriptionType()?.getFields() ?? {}).length;

/** A gateway with the demo and a browser that has never been used. */
class Stage {
  readonly requested: string[] = [];
  readonly complaints: string[] = [];
  private readonly ending: (() => Promise<unknown>)[] = [];
  private server: RunningServer | null = null;
  private browser: BrowserContext | null = null;

  async open(
    env: Record<string, string> = {},
    httpCredentials?: { username: string; password: string },
  ): Promise<void> {
    const [dataDir, profile] = await Promise.all([this.makeFolder(), this.makeFolder()]);
    const log = createLogger({ logLevel: 'silent' });
    const database = await openTestDatabase('embedded');
    this.ending.unshift(() => database.close());
    await loadDemo(database);
    const config = loadConfig({ DIVEST_DATA_DIR: dataDir, ...env });
    const headers = await createDemoHeaders(config, new Date());
    const demoHeaders = async () => toHeadersByField(headers);
    const gateway: Gateway = await createGateway({ config, database, clock: () => new Date(), log, demoHeaders });
    this.ending.unshift(() => gateway.close());
    const server = await startServer({ gateway, host: 'localhost', port: 0, graceSeconds: 0, log });
    this.server = server;
    this.ending.unshift(() => server.close());
    this.browser = await chromium.launchPersistentContext(profile, {
      executablePath,
      headless: true,
      args: flags,
      viewport: { width: 1400, height: 900 },
      ...(httpCredentials && { httpCredentials }),
    });
    this.ending.unshift(() => this.browser?.close() ?? Promise.resolve());
    this.browser.on('request', (request) => this.requested.push(request.url()));
  }

  private async makeFolder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'divest-browser-'));
    this.ending.push(() => rm(folder, { recursive: true, force: true }));
    return folder;
  }

  get url(): string {
    return `${this.server?.url}/graphql`;
  }

  async newPage(path = '/graphql'): Promise<Page> {
    const page = await this.browser?.newPage();
    if (!page) {
      throw new Error('The stage is not open.');
    }
    page.on('console', (message) => message.type() === 'error' && this.complaints.push(message.text()));
    page.on('pageerror', (error) => this.complaints.push(error.message));
    await page.goto(new URL(path, this.url).href);
    return page;
  }

  async close(): Promise<void> {
    for (const end of this.ending) {
      await end();
    }
  }
}

const run = async (page: Page) => {
  const answered = page.waitForResponse((response) => response.request().method() === 'POST');
  await page.getByRole('button', { name: /Execute query/ }).click();
  const response = await answered;
  return { status: response.status(), sent: response.request().headers(), body: await response.json() };
};

const openTab = async (page: Page, name: string) => {
  await page.locator(`[role=tab] button[title="${name}"]`).click();
  await page.locator('[role=tab][aria-selected=true]', { has: page.getByTitle(name, { exact: true }) }).waitFor();
  // The editors take over the tab a moment later, and nothing in the page says when.
  await page.waitForTimeout(500);
};

describe.skipIf(!existsSync(executablePath))('GraphiQL in a browser', () => {
  const stage = new Stage();
  let page: Page;

  beforeAll(async () => {
    await stage.open();
    page = await stage.newPage();
    await page.getByRole('tab').first().waitFor();
  });
  afterAll(() => stage.close());

  it('opens with its tabs and the schema', async () => {
    const buttons = page.locator('[role=tab] button[title]');
    const names = await buttons.evaluateAll((all) => all.map((button) => button.getAttribute('title')));
    expect(names).toEqual(
      expect.arrayContaining([
        'Viewer',
        'UnassignUserFromProject',
        'UnassignUserFromRole',
        'RemoveGlobalRole',
        'StartSession',
        'User',
      ]),
    );
    await page.getByRole('button', { name: /Documentation Explorer/ }).click();
    await page.getByText('Root Types').waitFor();
    await page.getByRole('button', { name: /Documentation Explorer/ }).click();
  });

  it.each([
    [1400, 'light'],
    [900, 'dark'],
  ] as const)('shows every tab at once, %i pixels wide, %s', async (width, colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    const tabs = page.locator('[role=tab]');
    const inSight = await tabs.evaluateAll((all) =>
      all.map((tab) => {
        const { x, y, width: wide, height } = tab.getBoundingClientRect();
        return [x + 4, x + wide - 4].every((at) => tab.contains(document.elementFromPoint(at, y + height / 2)));
      }),
    );
    expect(inSight).toEqual(Array.from({ length: mutations.length + subscriptions + 3 + refusals.length }, () => true));
    const bottom = await page.getByLabel('Open settings dialog').evaluate((it) => it.getBoundingClientRect().bottom);
    expect(bottom).toBeLessThan(900);
    await page.screenshot({ path: join(tmpdir(), `divest-graphiql-${width}.png`) });
    await page.setViewportSize({ width: 1400, height: 900 });
  });

  it('shows the variables of a mutation beside it', async () => {
    await openTab(page, 'UnassignUserFromProject');
    await page.getByLabel('Variables').getByText('proj_TrlkLiH4').waitFor();
  });

  it('links to the error reference and to the console', async () => {
    const links = page.getByRole('navigation', { name: 'Divest' }).getByRole('link');
    expect(await links.allInnerTexts()).toEqual(['Error reference', 'Console']);
    const opened = page.waitForEvent('popup');
    await links.first().click();
    await (await opened).getByText('### LastProjectError').waitFor();
    await (await opened).close();
    const console = await page.request.get(new URL((await links.last().getAttribute('href')) ?? '', stage.url).href);
    expect([console.status(), await console.text()]).toEqual([200, expect.stringContaining('Divest console')]);
  });

  it('says who is calling with the headers of the demo', async () => {
    await openTab(page, 'Viewer');
    const { status, body } = await run(page);
    expect(status).toBe(200);
    expect(body.data.viewer).toMatchObject({
      credential: 'BEARER',
      organization: { id: demoCredentials.organization },
    });
  });

  it('finds nothing wrong with the variables of a tab', async () => {
    const marked: string[] = [];
    for (const name of await page.locator('[role=tab] button[title]').allInnerTexts()) {
      await openTab(page, name);
      // The check runs in a worker, a while after the tab has been opened.
      await page.waitForTimeout(600);
      marked.push(...(await page.locator('.squiggly-error').all()).map(() => name));
    }
    expect(marked).toEqual([]);
  });

  it.each(mutations)('carries out the tab of %s as it stands', async (field) => {
    await openTab(page, field.charAt(0).toUpperCase() + field.slice(1));
    const { status, body } = await run(page);
    const { __typename: type } = body.data?.[field] ?? {};
    // Which removal there is to restore is known when one was done: its id is to be filled in.
    const expected = field === 'restoreAccess' ? 'NotFoundError' : expect.stringMatching(/Success$/);
    expect([status, body.errors, type]).toEqual([200, undefined, expected]);
    await page.locator('.result-window').getByText(type).first().waitFor();
  });

  it('follows an off-boarding to its end', async () => {
    await openTab(page, 'OffboardUser');
    const { id } = (await run(page)).body.data.offboardUser.offboarding;
    await openTab(page, 'OffboardingProgress');
    await page.getByRole('button', { name: 'Variables' }).click();
    await page.locator('.monaco-editor:visible', { hasText: 'off_' }).last().click();
    await page.keyboard.press('ControlOrMeta+A');
    // The editor closes what is opened.
    await page.keyboard.insertText(`{ "id": "${id}`);
    const answered = page.waitForResponse((response) => response.request().postData()?.includes(id) ?? false);
    await page.getByRole('button', { name: /Execute query/ }).click();
    const response = await answered;
    expect([response.status(), response.headers()['content-type']]).toEqual([200, 'text/event-stream']);
    await page.locator('.result-window').getByText('DONE').first().waitFor();
  });

  it.each(refusals)('shows $error in the tab of that name', async ({ error, mutation }) => {
    await openTab(page, error);
    const { body } = await run(page);
    expect(body.data?.[mutation].__typename).toBe(error);
    expect(body.data[mutation].httpStatus).toBeGreaterThanOrEqual(400);
    await page.locator('.result-window').getByText(error).first().waitFor();
  });

  it('shows what an error means: in its docs, and in the reference that each tab names', async () => {
    await openTab(page, 'LastProjectError');
    await page.getByRole('button', { name: /Documentation Explorer/ }).click();
    const docs = page.locator('.graphiql-doc-explorer');
    for (const name of ['Mutation', 'UnassignUserFromProjectResult', 'LastProjectError']) {
      await docs.getByRole('link', { name, exact: true }).first().click();
    }
    await docs.getByText('The project is the only one that the user is assigned to').waitFor();
    await docs.getByText('The project that the user keeps.').waitFor();
    await page.getByText(`# What each error means: ${errorsPath}`).first().waitFor();
    await page.screenshot({ path: process.env['SCREENSHOT_OF_DOCS'] ?? join(tmpdir(), 'divest-graphiql-docs.png') });
    await page.getByRole('button', { name: /Documentation Explorer/ }).click();
    const reference = await stage.newPage(errorsPath);
    await reference.getByText('### LastProjectError').waitFor();
    await reference.close();
  });

  it('shows what a user can reach', async () => {
    await openTab(page, 'User');
    const { body } = await run(page);
    expect(body.data.user.resources.totalCount).toBeGreaterThan(0);
    await page.screenshot({ path: process.env['SCREENSHOT'] ?? join(tmpdir(), 'divest-graphiql.png') });
  });

  it('keeps no credential in the storage of the browser', async () => {
    const stored = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
    expect(stored).not.toMatch(/Bearer|demo-management-token|demo-key/);
  });

  it('asks nothing of another machine, and breaks no rule of its policy', () => {
    const hosts = new Set(
      stage.requested.filter((url) => !/^(?:data|blob):/.test(url)).map((url) => new URL(url).host),
    );
    expect([...hosts]).toEqual([new URL(stage.url).host]);
    expect(stage.complaints).toEqual([]);
  });

  it('opens again as it was left, with the same tabs and a credential that works', async () => {
    const count = await page.getByRole('tab').count();
    await page.reload();
    await page.getByRole('tab').first().waitFor();
    expect(await page.getByRole('tab').count()).toBe(count);
    await openTab(page, 'Viewer');
    expect((await run(page)).body.data.viewer.credential).toBe('BEARER');
  });
});

describe.skipIf(!existsSync(executablePath))('GraphiQL in a browser that knows a management token', () => {
  it('opens by Basic, and does not send that credential with the queries', async () => {
    const stage = new Stage();
    const { id: username, token: password } = demoCredentials.managementToken;
    await stage.open({ GRAPHIQL: 'basic' }, { username, password });
    const page = await stage.newPage();
    await page.getByRole('tab').first().waitFor();
    // Asked with a management token: a second credential beside it would be refused.
    await openTab(page, 'UnassignUserFromProject');
    const { sent, body } = await run(page);
    expect(sent['authorization']).toBeUndefined();
    expect(body.data.unassignUserFromProject.__typename).toBe('UnassignUserFromProjectSuccess');
    await stage.close();
  });
});
