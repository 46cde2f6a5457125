import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type TestCluster } from '../../support/start-cluster.ts';
import { findBarriers, openBrowser, visit } from './browser.ts';

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

const password = 'quiet river under glass';

test('by a link somebody chooses a password, is signed in, signs out and in again; a wrong password is told so', async () => {
  const added = await cluster.cli('users', 'add', 'ana', '--role', 'admin', '--json');
  const { link } = JSON.parse(added.stdout);

  await using shown = await visit(browser, `${cluster.url}${link.path}`);
  const { page } = shown;
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByLabel('The same password again').fill(password);
  expect(await findBarriers(shown)).toEqual([]);
  await shown.picture('people-new-password');
  await page.getByRole('button', { name: 'Save and sign in' }).click();

  const signOut = page.getByRole('button', { name: 'Sign out ana' });
  await signOut.waitFor();
  await page.reload();
  await signOut.waitFor();
  await shown.picture('people-signed-in');
  await signOut.click();

  await page.getByLabel('Name').fill('ana');
  await page.getByLabel('Password').fill('not the right words');
  await page.getByRole('main').getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('alert').waitFor();
  await shown.picture('people-wrong-password');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('main').getByRole('button', { name: 'Sign in', exact: true }).click();
  await signOut.waitFor();
});

test('the first start leads to the set-up page, in both languages', async () => {
  await using shown = await visit(browser, `${cluster.url}/ui/setup#token`, { language: 'pt-BR', theme: 'dark', width: 390, height: 844 });
  await shown.page.getByRole('heading', { name: 'Torne-se o administrador' }).waitFor();
  expect(await findBarriers(shown)).toEqual([]);
  await shown.picture('people-set-up-pt-dark-phone');
});
