import { existsSync } from 'node:fs';
import axe from 'axe-core';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoCredentials } from '../../src/demo/credentials.js';
import { executablePath, Stage } from './stage.js';
import { findOverflow, signIn } from './visit.js';

const vera = 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl';
const max = 'user_v18mvPOjOXE5733eO4cAz8k1pn492wKK';
const rob = 'user_770e8400-e29b-41d4-a716-446655440003';
const uma = 'user_5ce7c2d833ea1e04d7e6c432';

const openPerson = async (page: Page, part: string, name: string) => {
  await page.getByLabel('Login or name').fill(part);
  await page.getByText('1 person found').waitFor();
  await page.getByRole('link', { name }).click();
  await page.getByRole('heading', { level: 2, name }).waitFor();
};

const textOf = async (part: Locator) => (await part.textContent()) ?? '';

const entriesOf = (page: Page, list: string) =>
  page.getByRole('region', { name: list, exact: false }).getByRole('listitem').allInnerTexts();

/** The two sides of a preview or an answer, as their lines. */
async function sidesOf(page: Page, [lost, kept]: readonly [string, string]): Promise<string[][]> {
  const dialog = page.getByRole('dialog');
  const read = (title: string) => dialog.getByRole('region', { name: title }).getByRole('listitem').allInnerTexts();
  await dialog.getByRole('heading', { name: lost }).waitFor();
  return Promise.all(
    [read(lost), read(kept)].map(async (lines) => (await lines).map((line) => line.replace(/\s+/g, ' '))),
  );
}

/** What axe-core finds to be seriously wrong with a page as it is now. */
async function findBarriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const { axe: checker } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
    return (await checker.run()).violations;
  });
  return found.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(toText);
}

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

const toText = ({ id, nodes }: Violation) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`;

const tell = async (page: Page) =>
  JSON.stringify(await page.evaluate(() => [{ ...localStorage }, { ...sessionStorage }]));

describe.skipIf(!existsSync(executablePath))('the console', () => {
  const stage = new Stage();
  let page: Page;
  const count = async (sql: string, ...parameters: unknown[]) => (await stage.database.query(sql, parameters)).length;
  const isMember = async (user: string) =>
    (await count('select from project_members where project_id = $1 and user_id = $2', 'proj_TrlkLiH4', user)) === 1;

  beforeAll(async () => {
    await stage.open();
    page = await stage.newPage();
  });
  afterAll(() => stage.close());

  it('says that a wrong credential is not accepted, and that one is incomplete', async () => {
    await signIn(page, 'API key', 'two words');
    await page.getByRole('alert').getByText('without spaces').waitFor();
    await signIn(page, 'API key', 'no-such-key');
    await page.getByRole('alert').getByText('This credential is not accepted').waitFor();
    expect(await page.getByLabel('API key').last().getAttribute('aria-invalid')).toBe('true');
  });

  it('lets an administrator in who pastes the token with its scheme', async () => {
    expect(stage.administratorToken).toMatch(/^Bearer /);
    await signIn(page, 'Bearer or session token', stage.administratorToken);
    await page.getByText('Demo, by bearer token').waitFor();
    await page.getByText('10 people in all').waitFor();
    expect(await page.getByLabel('Login or name').evaluate((field) => field === document.activeElement)).toBe(true);
  });

  it('finds Vera by a part of her login, and shows what she reaches', async () => {
    await openPerson(page, 'ERA@dem', 'Vera');
    expect(await page.getByRole('heading', { name: 'Vera' }).evaluate((it) => it === document.activeElement)).toBe(
      true,
    );
    expect(await entriesOf(page, 'Projects')).toEqual([
      expect.stringMatching(/^Summer as EDITOR\s+Remove$/),
      expect.stringMatching(/^Winter as VIEWER\s+Remove$/),
    ]);
    expect(await entriesOf(page, 'Active sessions')).toEqual([expect.stringMatching(/^since .* until 31 Dec 2099$/)]);
  });

  it('previews her removal from a project, and changes nothing', async () => {
    await page.getByRole('button', { name: 'Remove Vera from Summer' }).click();
    expect(await sidesOf(page, ['Loses', 'Keeps'])).toEqual([
      ['Project Summer as EDITOR', 'Sign-in 1 active session ended at once'],
      ['Project Winter as VIEWER', 'Sign-in Can start new sessions'],
    ]);
    // Another Vera may be listed beside her.
    expect(await textOf(page.getByRole('dialog'))).toContain('vera@demo.test');
    expect(await isMember(vera)).toBe(true);
    expect(await count('select from revocations')).toBe(0);
  });

  it('carries it out, with a reason, and tells the typed answer', async () => {
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel(/^Reason/).fill('left the team');
    await dialog.getByRole('button', { name: 'Remove from Summer' }).click();
    await dialog.getByRole('heading', { name: 'Vera has been removed from Summer' }).waitFor();
    expect((await sidesOf(page, ['Lost', 'Kept']))[1]).toEqual([
      'Project Winter as VIEWER',
      'Sign-in Can start new sessions',
    ]);
    expect(await textOf(dialog)).toMatch(/UnassignUserFromProjectSuccess[\s\S]*rev_/);
    expect(await isMember(vera)).toBe(false);
    expect(await stage.database.query('select reason, state from revocations')).toEqual([
      { reason: 'left the team', state: 'DONE' },
    ]);
  });

  it('shows the access that is left and the audit trail afterwards, and gives the focus back', async () => {
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('row', { name: /project Summer/ }).waitFor();
    expect(await textOf(page.getByRole('row', { name: /project Summer/ }))).toMatch(
      /rev_[\s\S]*done[\s\S]*user_ada[\s\S]*left the team/,
    );
    // The access is asked for beside the trail, and may come after it.
    await page.getByRole('button', { name: 'Remove Vera from Summer' }).waitFor({ state: 'detached' });
    expect(await entriesOf(page, 'Projects')).toEqual([expect.stringContaining('Winter')]);
    expect(await entriesOf(page, 'Active sessions')).toEqual([]);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('projects');
  });

  it('tells that Max keeps his only project', async () => {
    await openPerson(page, 'max', 'Max');
    await page.getByRole('button', { name: 'Remove Max from Summer' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('.explained').getByText('Summer is the only project of Max').waitFor();
    expect(await textOf(dialog)).toMatch(/The removal would be refused\.\s*LastProjectError/);
    expect(await dialog.getByRole('button', { name: 'Remove from Summer' }).count()).toBe(0);
    await dialog.getByRole('button', { name: 'Close' }).click();
    expect(await isMember(max)).toBe(true);
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe(
      'Remove Max from Summer',
    );
  });

  it('takes a role from Rob, with what he loses and what he keeps through what', async () => {
    await openPerson(page, 'rob', 'Rob');
    expect((await entriesOf(page, 'Resources')).map((line) => line.replace(/\s+/g, ' '))).toEqual([
      'Database through Operators',
      'Reports through Operators Reporting',
      'Servers through direct grant Operators',
    ]);
    await page.getByRole('button', { name: 'Remove Rob from Operators' }).click();
    const outcome = [
      ['Role Operators', 'Resource Database reached through this role alone'],
      [
        'Resource Reports through Reporting',
        'Resource Servers through a direct grant',
        'Sign-in 1 active session until 31 Dec 2099 at most',
        'Sign-in Can start new sessions',
      ],
    ];
    expect(await sidesOf(page, ['Loses', 'Keeps'])).toEqual(outcome);
    await page.getByRole('button', { name: 'Remove from Operators' }).click();
    expect(await sidesOf(page, ['Lost', 'Kept'])).toEqual(outcome);
    await page.getByRole('button', { name: 'Done' }).click();
    expect(await count('select from role_users where user_id = $1', rob)).toBe(1);
    await page.getByRole('button', { name: 'Remove Rob from Operators' }).waitFor({ state: 'detached' });
    expect((await entriesOf(page, 'Resources')).length).toBe(2);
  });

  it('says of an answer that it doesn’t know, and of one that didn’t arrive, that nothing is known', async () => {
    await openPerson(page, 'uma', 'Uma');
    const dialog = page.getByRole('dialog');
    for (const [what, title] of [
      ['QuarantinedError', 'An answer that this console doesn’t know'],
      ['nothing', 'The answer didn’t arrive'],
    ]) {
      await page.getByRole('button', { name: 'Remove USER_MANAGER from Uma' }).click();
      await sidesOf(page, ['Loses', 'Keeps']);
      await page.route('**/graphql', (route) =>
        what === 'nothing'
          ? route.abort()
          : route.fulfill({ json: { data: { removeGlobalRole: { __typename: what, applied: true } } } }),
      );
      await dialog.getByRole('button', { name: 'Remove USER_MANAGER' }).click();
      await dialog.getByRole('heading', { name: 'USER_MANAGER is not known to be removed from Uma' }).waitFor();
      expect(await textOf(dialog)).toMatch(title ?? '');
      expect(await textOf(dialog)).toContain('treat the access as still there');
      await page.unroute('**/graphql');
      await dialog.getByRole('button', { name: 'Close' }).click();
    }
    expect(
      await count('select from users where id = $1 and global_roles @> array[$2::global_role]', uma, 'USER_MANAGER'),
    ).toBe(1);
  });

  it('lists the organization’s whole audit trail, grants too, and what was refused alone', async () => {
    const query = 'mutation { addGlobalRole(input: { role: BASE_ROLE, user: { id: "user_nina" } }) { __typename } }';
    const granted = await fetch(new URL('/graphql', stage.url), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-API-Key': demoCredentials.userManagerKey.key },
      body: JSON.stringify({ query }),
    });
    expect(await granted.json()).toEqual({ data: { addGlobalRole: { __typename: 'AddGlobalRoleSuccess' } } });
    await page.getByRole('link', { name: 'Audit trail' }).click();
    await page.getByRole('row', { name: /Rob: role Operators\s*to take away/ }).waitFor();
    await page.getByRole('row', { name: /Nina: global role BASE_ROLE\s*to give/ }).waitFor();
    expect(await page.getByRole('row').count()).toBe(4);
    await page.getByLabel('Show').selectOption('refused');
    await page.getByText('Nothing is on record.').waitFor();
  });

  it('keeps the credential out of the browser’s storage, and forgets it on signing out', async () => {
    expect(await tell(page)).toBe('[{},{}]');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('Signed out. The credential is forgotten.').waitFor();
    await page.goBack();
    expect(await page.getByRole('button', { name: 'Sign in' }).count()).toBe(1);
    expect(await page.locator('input[type=password]').inputValue()).toBe('');
    expect(await page.context().cookies()).toEqual([]);
  });

  it('offers a user manager what that may do, and says why not the rest', async () => {
    await signIn(page, 'API key', demoCredentials.userManagerKey.key);
    await openPerson(page, 'uma', 'Uma');
    const projects = page.getByRole('region', { name: 'Projects' });
    expect(await textOf(projects)).toContain('To look at only: removing needs a management token');
    expect(await projects.getByRole('button').count()).toBe(0);
    await page.getByRole('button', { name: 'Remove BASE_ROLE from Uma' }).click();
    expect(await sidesOf(page, ['Loses', 'Keeps'])).toEqual([
      ['Global role BASE_ROLE from the next request on, API keys included'],
      ['Global role USER_MANAGER', expect.stringContaining('1 active session'), 'Sign-in Can start new sessions'],
    ]);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Sign out' }).click();
  });

  it('shows a plain user herself, and offers nothing', async () => {
    await signIn(page, 'API key', demoCredentials.plainUserKey.key);
    await page.getByText('Your credential sees its own user only').waitFor();
    await page.getByRole('link', { name: 'Nina' }).click();
    await page.getByRole('heading', { level: 2, name: 'Nina' }).waitFor();
    expect(await page.getByRole('button', { name: /^Remove/ }).count()).toBe(0);
    await page.goto(`${stage.url}#user_ada`);
    await page.getByText('There is no such person, or none that you may see.').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
  });

  it('comes back to the form when the credential is revoked', async () => {
    await signIn(page, 'API key', demoCredentials.userManagerKey.key);
    await page.getByText('10 people in all').waitFor();
    await stage.database.query('update api_keys set revoked_at = now() where id = $1', [
      demoCredentials.userManagerKey.id,
    ]);
    await page.getByLabel('Login or name').fill('v');
    await page.getByText('not accepted any more').waitFor();
    expect(await page.getByRole('link', { name: 'Vera' }).count()).toBe(0);
  });

  it('can be used with the keyboard alone', async () => {
    const other = await stage.newPage();
    const { keyboard } = other;
    const tabTo = async (name: RegExp) => {
      for (let i = 0; i < 40; i++) {
        await keyboard.press('Tab');
        const label = await other.evaluate(() => {
          const focused = document.activeElement as HTMLInputElement | null;
          return focused?.getAttribute('aria-label') ?? focused?.labels?.[0]?.textContent ?? focused?.textContent ?? '';
        });
        if (name.test(label)) {
          return;
        }
      }
      throw new Error(`The keyboard doesn't lead to ${name}.`);
    };
    await tabTo(/^Bearer or session token/);
    await keyboard.press('ArrowDown');
    await other.getByLabel('Management id').waitFor();
    await keyboard.press('ArrowUp');
    await tabTo(/^Token/);
    await keyboard.insertText(stage.administratorToken);
    await keyboard.press('Enter');
    await other.getByText('Demo, by bearer token').waitFor();
    await keyboard.type('rob');
    await other.getByText('1 person found').waitFor();
    await tabTo(/^Rob/);
    await keyboard.press('Enter');
    await other.getByRole('heading', { level: 2, name: 'Rob' }).waitFor();
    await tabTo(/^Remove Rob from Reporting/);
    await keyboard.press('Enter');
    await sidesOf(other, ['Loses', 'Keeps']);
    await tabTo(/^Reason/);
    await keyboard.type('by keyboard');
    await tabTo(/^Remove from Reporting/);
    await keyboard.press('Space');
    await other.getByRole('heading', { name: 'Rob has been removed from Reporting' }).waitFor();
    await tabTo(/^Done/);
    await keyboard.press('Enter');
    await other.getByRole('row', { name: /by keyboard/ }).waitFor();
    // From the top again, past the list of people.
    await other.reload();
    await other.getByLabel('Token', { exact: true }).focus();
    await keyboard.insertText(stage.administratorToken);
    await keyboard.press('Enter');
    await other.getByRole('heading', { level: 2, name: 'Rob' }).waitFor();
    await tabTo(/^Skip to the content/);
    await keyboard.press('Enter');
    expect(await other.evaluate(() => document.activeElement?.id)).toBe('main');
    await other.close();
  });

  it.each(['light', 'dark'] as const)(
    'has no serious barrier, %s, wide and narrow',
    { timeout: 120_000 },
    async (colorScheme) => {
      const other = await stage.newPage();
      const check = async (where: string) => {
        for (const width of [1280, 390]) {
          await other.setViewportSize({ width, height: 800 });
          expect(await findBarriers(other), `${where}, ${width} px wide`).toEqual([]);
          expect(await findOverflow(other), `${where} is wider than ${width} px`).toBe(0);
        }
      };
      await other.emulateMedia({ colorScheme });
      await check('the form');
      await signIn(other, 'API key', 'wrong');
      await other.getByText('This credential is not accepted').waitFor();
      await check('the form with a wrong credential');
      await signIn(other, 'Bearer or session token', stage.administratorToken);
      await other.getByText('10 people in all').waitFor();
      await check('people');
      await other.setViewportSize({ width: 1280, height: 800 });
      await openPerson(other, 'leo', 'Leo');
      await check('a person');
      await other.getByRole('button', { name: 'Remove Leo from Contractors' }).click();
      expect((await sidesOf(other, ['Loses', 'Keeps']))[0]).toContain(
        'Sign-in New sessions nothing is left to start one for',
      );
      await check('a preview');
      await other.getByRole('button', { name: 'Cancel' }).click();
      await other.goto(`${stage.url}#${max}`);
      await other.getByRole('button', { name: 'Remove Max from Summer' }).click();
      await other.getByText('The removal would be refused').waitFor();
      await check('a refusal');
      await other.getByRole('button', { name: 'Close' }).click();
      await other.goto(`${stage.url}#audit`);
      await other.getByRole('table').or(other.getByText('Nothing is on record.')).waitFor();
      await check('the audit trail');
      await other.close();
    },
  );

  it('asks nothing of another machine, and breaks no rule of its policy', () => {
    const hosts = new Set(stage.requested.filter((url) => !url.startsWith('data:')).map((url) => new URL(url).host));
    expect([...hosts]).toEqual([new URL(stage.url).host]);
    // The browser notes the answers 401 and the one that this test withheld.
    expect(stage.complaints.filter((text) => !text.startsWith('Failed to load resource'))).toEqual([]);
  });
});

describe.skipIf(!existsSync(executablePath))('the console of a gateway with a type prefix, behind Basic', () => {
  const stage = new Stage();
  const { id: username, token: password } = demoCredentials.managementToken;
  beforeAll(() =>
    stage.open({ CONSOLE: 'basic', SCHEMA_TYPE_PREFIX: 'Divest' }, { httpCredentials: { username, password } }),
  );
  afterAll(() => stage.close());

  it('sends the typed credential alone, knows the prefixed types, and pages', async () => {
    await stage.database.query(
      `insert into users (id, subject, organization_id, login, name)
       select 'user_more-' || lpad(i::text, 3, '0'), 'more-' || i, 'org_demo', 'more' || i || '@demo.test', 'More ' || i
       from generate_series(1, 70) i`,
    );
    const page = await stage.newPage();
    const asked = page.waitForRequest('**/graphql');
    await signIn(page, 'Management token', password);
    expect((await asked).headers()['authorization']).toBeUndefined();
    await page.getByText('80 people in all').waitFor();
    await page.getByRole('button', { name: 'More people (50 of 80 shown)' }).click();
    await page.getByRole('link', { name: 'Max' }).waitFor();
    expect(await page.locator('.person-list a').count()).toBe(80);
    await openPerson(page, 'vera', 'Vera');
    await page.getByRole('button', { name: 'Remove Vera from Summer' }).click();
    expect((await sidesOf(page, ['Loses', 'Keeps']))[0]).toContain('Project Summer as EDITOR');
    await page.getByRole('button', { name: 'Remove from Summer' }).click();
    await page.getByText('UnassignUserFromProjectSuccess').waitFor();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('button', { name: 'Remove Vera from Winter' }).click();
    await page.getByText('LastProjectError').waitFor();
  });
});
