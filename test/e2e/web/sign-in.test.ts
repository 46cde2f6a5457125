import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type TestCluster } from '../../support/start-cluster.ts';
import { findBarriers, openBrowser, visit } from './browser.ts';

const password = 'tinta goiaba varal 12';
let cluster: TestCluster;
let browser: Browser;
beforeAll(async () => {
  cluster = await startCluster();
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await cluster?.stop();
});

/** The console names each answer 401 or 403 too; those are what these pages are about. */
const isOfOurs = (problem: string) => !/status of 40[13]/.test(problem);

async function signIn(page: Page, name: string, typed: string): Promise<void> {
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Password', { exact: true }).fill(typed);
  await page.keyboard.press('Enter');
}

test('the set-up link makes an admin, who signs out and in again; a wrong password is told in words', async () => {
  await using shown = await visit(browser, cluster.setupUrl);
  const { page } = shown;
  await page.getByRole('heading', { name: 'Set up this cluster' }).waitFor();
  await page.getByLabel('Name', { exact: true }).fill('ana');
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByLabel('Password again').fill('something else');
  await page.keyboard.press('Enter');
  await page.getByText('The two passwords are not the same.').waitFor();
  await shown.picture('setup');
  expect(await findBarriers(shown)).toEqual([]);
  await page.getByLabel('Password again').fill(password);
  await page.keyboard.press('Enter');

  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  expect(page.url()).not.toContain('#');
  await page.getByRole('button', { name: 'You: ana' }).click();
  await page.getByText('Admin', { exact: true }).waitFor();
  await shown.picture('signed-in');
  await page.getByRole('menuitem', { name: 'Sign out' }).click();

  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await signIn(page, 'ana', 'not the password');
  await page.getByText('The name or password is not right.').waitFor();
  await shown.picture('sign-in-wrong');
  expect(await findBarriers(shown)).toEqual([]);
  await signIn(page, 'ana', password);
  await page.getByRole('button', { name: 'You: ana' }).waitFor();
  expect(await page.evaluate('JSON.stringify(localStorage)')).not.toMatch(/token|csrf/i);
  expect(shown.problems.filter(isOfOurs)).toEqual([]);
});
