import { existsSync } from 'node:fs';
import type { Page, Route } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { demoCredentials } from '../../src/demo/credentials.js';
import { executablePath, Stage } from './stage.js';
import { findOverflow, signIn } from './visit.js';

const markup = `<img src=x onerror=alert(1)><script>alert(2)</script>"'{{7*7}}`;
const turned = '\u202Egnp.exe';
const long = 'W'.repeat(254);

/** Mallory's every name is hostile; so are those of what Mallory has: 60 projects, and a role with 120 resources. */
const directory: readonly (readonly [sql: string, ...parameters: string[]])[] = [
  [
    `insert into users (id, subject, organization_id, login, name)
     values ('user_mallory', 'mallory', 'org_demo', $1, $2)`,
    `javascript:alert(3)//${'x'.repeat(230)}`,
    markup + turned,
  ],
  [
    `insert into projects (id, organization_id, name)
     select 'proj_' || lpad(i::text, 2, '0'), 'org_demo', case i when 1 then $1 when 2 then $2 else 'P' || i end
     from generate_series(1, 60) i`,
    markup,
    long,
  ],
  [
    `insert into project_members (project_id, user_id, organization_id, role)
     select 'proj_' || lpad(i::text, 2, '0'), 'user_mallory', 'org_demo', $1 from generate_series(1, 60) i`,
    long,
  ],
  [`insert into roles (id, organization_id, name, description) values ('role_long', 'org_demo', $1, $1)`, long],
  [`insert into role_users (role_id, user_id, organization_id) values ('role_long', 'user_mallory', 'org_demo')`],
  [
    `insert into resources (id, organization_id, name)
     select 'res_many-' || i, 'org_demo', 'R' || i from generate_series(1, 120) i`,
  ],
  [
    `insert into role_resources (role_id, resource_id, organization_id)
     select 'role_long', 'res_many-' || i, 'org_demo' from generate_series(1, 120) i`,
  ],
];

const focused = (page: Page) => page.evaluate(() => document.activeElement?.textContent ?? '');
/** Something to wait for until it is opened. */
function createGate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

const isRemoval = (route: Route) => (route.request().postData() ?? '').includes('"dryRun":false');

describe.skipIf(!existsSync(executablePath))('the console, with hostile names and answers that fail', () => {
  const stage = new Stage();
  const dialogs: string[] = [];
  let page: Page;
  const query = (sql: string, ...parameters: string[]) => stage.database.query(sql, parameters);

  beforeAll(async () => {
    await stage.open();
    for (const [sql, ...parameters] of directory) {
      await query(sql, ...parameters);
    }
    page = await stage.newPage('#user_mallory');
    page.on('dialog', (opened) => {
      dialogs.push(`${opened.type()} ${opened.message()}`.trim());
      return opened.dismiss();
    });
  });
  afterAll(() => stage.close());

  const preview = async (project: string) => {
    const more = page.getByRole('button', { name: /^More projects/ });
    const remove = page.getByRole('button', { name: new RegExp(`from ${project}$`) });
    if ((await remove.count()) === 0) {
      await more.click();
    }
    await remove.click();
    await page.getByRole('dialog').getByRole('heading', { name: 'Keeps' }).waitFor();
  };
  const confirm = () => page.getByRole('dialog').getByRole('button', { name: /^Remove from/ });
  const leave = async () => {
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^(Done|Close|Cancel)$/ })
      .click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  };
  const isMember = async (project: string) =>
    (await query('select from project_members where project_id = $1 and user_id = $2', project, 'user_mallory'))
      .length === 1;

  beforeEach(() => page.unroute('**/graphql'));

  it('puts the focus where the credential has to be mended', async () => {
    await signIn(page, 'Bearer or session token', 'no-such-token');
    await page.getByText('This credential is not accepted').waitFor();
    expect(await page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('Authorization');
  });

  it('shows names as they are, and turns no words around', async () => {
    await signIn(page, 'Bearer or session token', stage.administratorToken);
    await page.getByRole('heading', { level: 2, name: markup }).waitFor();
    expect(await page.locator('#console').textContent()).not.toContain('\u202E');
    expect(await page.locator('#console :is(img, script, iframe)').count()).toBe(0);
    expect(await page.locator('a[href^="javascript"]').count()).toBe(0);
  });

  it.each([1280, 390])('is not wider than %i px, however long a name is', async (width) => {
    await page.setViewportSize({ width, height: 900 });
    expect(await findOverflow(page)).toBe(0);
    await page
      .getByRole('button', { name: `from ${long}` })
      .first()
      .click();
    await page.getByRole('dialog').getByRole('heading', { name: 'Keeps' }).waitFor();
    expect(await page.getByRole('dialog').evaluate((it) => it.scrollWidth - it.clientWidth)).toBe(0);
    await leave();
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  it('keeps the focus where more was asked for, also when there is no more', async () => {
    for (const [list, told] of [
      ['resources', 'More resources (100 of 120 shown)'],
      ['resources', '120 of 120 resources shown'],
      ['projects', '60 of 60 projects shown'],
    ] as const) {
      await page.getByRole('button', { name: `More ${list}` }).focus();
      await page.keyboard.press('Enter');
      await page.getByText(told).last().waitFor();
      await page.waitForFunction((text) => document.activeElement?.textContent?.includes(text), told);
    }
  });

  it('counts as found what was found, while a gateway is slow to find other people', async () => {
    const slow = createGate();
    await page.route('**/graphql', async (route) => {
      await slow.opened;
      return route.continue();
    });
    const asked = page.waitForRequest('**/graphql');
    await page.getByLabel('Login or name').fill('nobody of that name');
    await asked;
    expect(await page.locator('.found .count').textContent()).toBe('11 people in all');
    slow.open();
    await page.getByText('No people found').waitFor();
    await page.getByLabel('Login or name').fill('');
    await page.getByText('11 people in all').waitFor();
  });

  it('counts what is kept, and doesn’t count what goes, on whichever page that is', async () => {
    await preview('P55');
    const dialog = page.getByRole('dialog');
    expect(await dialog.getByRole('heading', { name: 'Loses' }).textContent()).toMatch(/ 1$/);
    // 59 projects and the sign-in.
    expect(await dialog.getByRole('heading', { name: 'Keeps' }).textContent()).toMatch(/ 60$/);
    await dialog.getByText('9 more projects').waitFor();
  });

  it('asks for a removal once, however fast the button is pressed', async () => {
    await confirm().evaluate((button: HTMLButtonElement) => {
      button.click();
      button.click();
    });
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('heading', { name: 'has been removed from P55' }).waitFor();
    expect(await dialog.getByRole('heading', { name: 'Kept' }).textContent()).toMatch(/ 60$/);
    await leave();
    expect(await query('select state::text, code from revocations')).toEqual([{ state: 'DONE', code: null }]);
  });

  it('keeps the dialog until the answer is there, however often Escape is pressed', async () => {
    await preview('P10');
    const slow = createGate();
    await page.route('**/graphql', async (route) => {
      await (isRemoval(route) ? slow.opened : undefined);
      return route.continue();
    });
    await confirm().click();
    for (let i = 0; i < 4; i++) {
      await page.keyboard.press('Escape');
    }
    await page.getByRole('button', { name: 'Removing…' }).waitFor();
    expect(await page.locator('dialog[open]').count()).toBe(1);
    const asked = page.waitForEvent('dialog');
    await page.close({ runBeforeUnload: true });
    expect((await asked).type()).toBe('beforeunload');
    slow.open();
    await page.getByRole('heading', { name: 'has been removed from P10' }).waitFor();
    expect(await isMember('proj_10')).toBe(false);
    await leave();
    await page.getByRole('button', { name: /from P10$/ }).waitFor({ state: 'detached' });
  });

  it.each([
    ['nothing', (route: Route) => route.abort()],
    ['a page of a proxy', (route: Route) => route.fulfill({ status: 502, body: '<html>Bad gateway</html>' })],
    ['null', (route: Route) => route.fulfill({ json: null })],
  ])(
    'says of a preview that was answered with %s that nothing is known, and of a removal too',
    async (_what, answer) => {
      const dialog = page.getByRole('dialog');
      await page.route('**/graphql', answer);
      await page.getByRole('button', { name: /from P11$/ }).click();
      await dialog.locator('.explained').getByText('What would happen is not known.').waitFor();
      expect(await confirm().count()).toBe(0);
      await page.unroute('**/graphql');
      await dialog.getByRole('button', { name: 'Preview again' }).click();
      await dialog.getByRole('heading', { name: 'Keeps' }).waitFor();
      await page.route('**/graphql', answer);
      await confirm().click();
      await dialog.getByRole('heading', { name: 'is not known to be removed from P11' }).waitFor();
      await page.unroute('**/graphql');
      await leave();
      expect(await isMember('proj_11')).toBe(true);
    },
  );

  it('tells in the middle of a removal that the credential has ended, and asks for another one after it', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await signIn(page, 'API key', demoCredentials.userManagerKey.key);
    await page.getByText('11 people in all').waitFor();
    await page.goto(`${stage.url}#user_5ce7c2d833ea1e04d7e6c432`);
    await page.getByRole('button', { name: 'Remove BASE_ROLE from Uma' }).click();
    await page.getByRole('dialog').getByRole('heading', { name: 'Keeps' }).waitFor();
    await query('update api_keys set revoked_at = now() where id = $1', demoCredentials.userManagerKey.id);
    await page.getByRole('dialog').getByRole('button', { name: 'Remove BASE_ROLE' }).click();
    await page.getByRole('dialog').getByText('Your credential is not accepted any more').first().waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    await page.getByText('it has expired or was revoked').waitFor();
    expect(await focused(page)).toContain('Take access away');
  });

  it('takes a late answer to whoever was here before for nothing that concerns who is here now', async () => {
    await page.goto(`${stage.url}#user_mallory`);
    await signIn(page, 'Bearer or session token', stage.administratorToken);
    const late = createGate();
    const refused = { errors: [{ message: 'no', extensions: { code: 'UNAUTHENTICATED' } }] };
    await page.route('**/graphql', async (route) => {
      const isMore = route.request().postData()?.includes('query AccessList');
      await (isMore ? late.opened : undefined);
      return isMore ? route.fulfill({ status: 401, json: refused }) : route.continue();
    });
    await page.getByRole('button', { name: /^More projects/ }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await signIn(page, 'API key', demoCredentials.plainUserKey.key);
    await page.getByText('by API key').waitFor();
    const arrived = page.waitForResponse((response) => response.status() === 401);
    late.open();
    await (await arrived).finished();
    await page.waitForTimeout(200);
    await page.getByText('by API key').waitFor();
  });

  it('leaves nothing behind but the address, and lets nothing run', async () => {
    const left = await page.evaluate(async () => ({
      storage: [{ ...localStorage }, { ...sessionStorage }, history.state, document.cookie],
      databases: await indexedDB.databases(),
      isTyped: document.documentElement.outerHTML.includes('demo-key'),
    }));
    expect(left).toEqual({ storage: [{}, {}, null, ''], databases: [], isTyped: false });
    expect(page.url().replace(stage.url, '')).toMatch(/^(#user_[A-Za-z0-9-]+)?$/);
    expect(dialogs).toEqual(['beforeunload']);
    expect(stage.complaints.filter((text) => !text.startsWith('Failed to load resource'))).toEqual([]);
  });
});
