import type { Page } from 'playwright-core';
import { demoCredentials } from '../../src/demo/credentials.js';

type Way = 'Bearer or session token' | 'API key' | 'Management token';

/** Fills in the form for a credential, and sends it. */
export async function signIn(page: Page, way: Way, secret: string): Promise<void> {
  await page.getByLabel(way, { exact: true }).first().check();
  if (way === 'Management token') {
    await page.getByLabel('Management id').fill(demoCredentials.managementToken.id);
  }
  await page.locator('input[type=password]').fill(secret);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** How much wider than its window a page is, in pixels. */
export const findOverflow = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
