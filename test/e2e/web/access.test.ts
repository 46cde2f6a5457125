import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { appCode } from '../../../packages/control-plane/src/access/people/testing/app-code.ts';
import { eventually, startCluster, type TestCluster } from '../../support/start-cluster.ts';
import { findBarriers, openBrowser, type Visit, visit } from './browser.ts';

const password = 'quiet river under glass';
const script = { fake: 1, text: 'Olá! Tudo bem.', tokensPerSecond: 20_000, firstTokenMs: 1, parallel: 4 };

let folder: string;
let cluster: TestCluster;
let browser: Browser;
let admin: Visit;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'web-access-'));
  await writeFile(join(folder, 'swift.fake.json'), JSON.stringify(script));
  cluster = await startCluster({ dataFolder: join(folder, 'cluster'), models: { swift: join(folder, 'swift.fake.json') } });
  browser = await openBrowser();
});
afterAll(async () => {
  await admin?.[Symbol.asyncDispose]();
  await browser?.close();
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

const goTo = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Main navigation' }).getByRole('link', { name, exact: true }).click();
const links = (page: Page) => page.getByRole('navigation').getByRole('link').allTextContents();
const shown = (page: Page, name: string) => page.getByRole('region', { name, exact: true }).textContent();

async function enter({ page }: Pick<Visit, 'page'>, name: string): Promise<void> {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByLabel('The same password again').fill(password);
  await page.getByRole('button', { name: 'Save and sign in' }).click();
  await page.getByRole('button', { name: `Sign out ${name}` }).waitFor();
}

const ask = (key: string) =>
  fetch(`${cluster.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'swift', messages: [{ role: 'user', content: 'Olá' }] }),
  });

test('an admin sets up, makes a key that is shown once, sees it used, and revokes it', async () => {
  admin = await visit(browser, cluster.setupUrl ?? '');
  const { page, context } = admin;
  await enter(admin, 'ana');
  expect(await links(page)).toEqual([
    'Overview',
    'Chat',
    'Nodes',
    'Models',
    'Compute',
    'Keys',
    'People',
    'Roles',
    'Secrets',
    'Audit',
    'Certificates',
    'Settings',
  ]);

  await goTo(page, 'Keys');
  await page.getByText('No keys here').waitFor();
  await admin.picture('keys-empty');
  expect(await findBarriers(admin)).toEqual([]);
  await page.getByRole('button', { name: 'Make a key' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').locator('input:focus').waitFor();
  await page.keyboard.type('my app');
  await page.getByText('Limits', { exact: true }).click();
  expect(await findBarriers(admin)).toEqual([]);
  await admin.picture('keys-create');
  await page.getByLabel('Tokens a day').fill('none');
  await page.getByText('Write a whole number of at least 1.').waitFor();
  await page.getByLabel('Tokens a day').fill('10,000');
  await page.getByLabel('Name').press('Enter');

  const made = page.getByRole('dialog', { name: 'The key “my app” is ready' });
  await made.waitFor();
  const key = (await shown(page, 'Key')) ?? '';
  expect(key).toMatch(/^cai_/);
  expect(await findBarriers(admin)).toEqual([]);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await made.getByRole('button', { name: 'Copy' }).first().click();
  await eventually('the key is copied', async () => (await page.evaluate('navigator.clipboard.readText()')) === key);
  await admin.picture('keys-made');
  await made.getByRole('button', { name: 'I have copied it' }).click();
  await made.waitFor({ state: 'detached' });
  expect((await page.content()).includes(key)).toBe(false);
  await page.locator('button:focus', { hasText: 'Make a key' }).waitFor();

  const row = page.getByRole('listitem').filter({ hasText: 'my app' });
  await row.getByText('never', { exact: true }).waitFor();
  expect((await ask(key)).status).toBe(200);
  await row.getByText(/(second|minute)s? ago/).waitFor();
  await row.getByText(/^1 request, \d+ tokens$/).waitFor();
  await row.getByText(/^\d+ of 10,000$/).waitFor();
  await admin.picture('keys-used');

  await row.getByRole('button', { name: 'Revoke my app' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await row.waitFor({ state: 'detached' });
  await page.getByLabel('Show 1 ended key').check();
  await row.getByText('Revoked').first().waitFor();
  expect((await ask(key)).status).toBe(401);
});

test('somebody who was invited to look around meets a page that names the missing right and who can give it', async () => {
  const { page } = admin;
  await goTo(page, 'People');
  await page.getByRole('button', { name: 'Invite' }).click();
  await page.getByLabel('Role', { exact: true }).selectOption('viewer');
  expect(await findBarriers(admin)).toEqual([]);
  await page.getByRole('button', { name: 'Make the link' }).click();
  await page.getByRole('dialog', { name: 'The invitation is ready' }).waitFor();
  const link = (await shown(page, 'Link')) ?? '';
  expect(await findBarriers(admin)).toEqual([]);
  await admin.picture('people-invited');
  await page.getByRole('button', { name: 'I have copied it' }).click();

  await using guest = await visit(browser, link);
  await enter(guest, 'bia');
  expect(await links(guest.page)).toEqual(['Overview', 'Nodes', 'Models', 'Compute']);
  expect(await guest.page.getByRole('button', { name: 'Add machine' }).count()).toBe(0);
  for (const [path, right, role] of [
    ['keys', 'keys:read', 'Developer'],
    ['people', 'people:read', 'Admin'],
    ['audit', 'audit:read', 'Operator'],
    ['settings', 'config:read', 'Operator'],
    ['chat', 'chats:read', 'Developer'],
  ]) {
    await guest.page.goto(`${cluster.url}/ui/${path}`);
    const alert = guest.page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.textContent()).toMatch(new RegExp(`The right ${right} is missing.*The role ${role} has it\\. An admin can give it`));
    expect(await findBarriers(guest)).toEqual([]);
  }
  await guest.picture('refused');

  await page.reload();
  await page.getByRole('heading', { name: 'bia' }).waitFor();
  await page.getByRole('button', { name: 'Actions for bia' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: 'Change role' }).press('Enter');
  await page.getByLabel('Role', { exact: true }).selectOption('developer');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('listitem').filter({ hasText: 'bia' }).getByText('Developer').waitFor();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.locator('button:focus[aria-label="Actions for bia"]').waitFor();
  await guest.page.goto(`${cluster.url}/ui/keys`);
  await guest.page.getByRole('button', { name: 'Make a key' }).waitFor();
});

test('the last admin stays: the page says the server’s reason, and nothing is gone', async () => {
  const { page } = admin;
  await goTo(page, 'People');
  await page.getByRole('button', { name: 'Actions for ana' }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await page.getByLabel('Type ana to confirm').fill('ana');
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  const reason = page.getByRole('dialog').getByRole('alert');
  await reason.waitFor();
  expect(await reason.textContent()).toMatch(/last admin/i);
  expect(await findBarriers(admin)).toEqual([]);
  await admin.picture('people-last-admin');
  await page.keyboard.press('Escape');
  await page.getByRole('heading', { name: 'ana' }).waitFor();
});

test('the profile: a name, sessions that end elsewhere, and codes as a second factor', async () => {
  const { page } = admin;
  await using elsewhere = await visit(browser, `${cluster.url}/ui/sign-in`);
  await elsewhere.page.getByLabel('Name').fill('ana');
  await elsewhere.page.getByLabel('Password').fill(password);
  await elsewhere.page.getByRole('main').getByRole('button', { name: 'Sign in', exact: true }).click();
  await elsewhere.page.getByRole('button', { name: 'Sign out ana' }).waitFor();

  await page.getByRole('link', { name: 'Your profile: ana' }).click();
  await page.getByText('This one').waitFor();
  await admin.picture('profile');
  expect(await findBarriers(admin)).toEqual([]);
  await page.getByRole('button', { name: 'End all others' }).click();
  await page.getByText('One session has ended.').waitFor();
  await page.getByRole('button', { name: 'End all others' }).waitFor({ state: 'detached' });
  await elsewhere.page.reload();
  await elsewhere.page.getByRole('link', { name: 'Sign in', exact: true }).first().waitFor();

  await page.getByRole('button', { name: 'Switch on' }).click();
  const enrol = page.getByRole('dialog', { name: 'Sign in with codes of an app' });
  await enrol.waitFor();
  const seed = (await shown(page, 'Secret')) ?? '';
  expect(await findBarriers(admin)).toEqual([]);
  await admin.picture('profile-codes');
  await enrol.getByLabel('Code', { exact: true }).fill(appCode(seed, Date.now()));
  await enrol.getByRole('button', { name: 'Confirm' }).click();
  await page.getByRole('dialog', { name: 'Recovery codes' }).waitFor();
  const [recoveryCode = ''] = ((await shown(page, 'Recovery codes')) ?? '').split(/\s+/);
  expect(await findBarriers(admin)).toEqual([]);
  await admin.picture('profile-recovery-codes');
  await page.getByRole('button', { name: 'I have kept them' }).click();
  await page.getByText('Switched on: besides the password, a code is asked for.').waitFor();

  await elsewhere.page.goto(`${cluster.url}/ui/sign-in`);
  await elsewhere.page.getByLabel('Name').fill('ana');
  await elsewhere.page.getByLabel('Password').fill(password);
  const enterButton = elsewhere.page.getByRole('main').getByRole('button', { name: 'Sign in', exact: true });
  await enterButton.click();
  await elsewhere.page.getByLabel('Code', { exact: true }).fill(recoveryCode);
  await enterButton.click();
  await elsewhere.page.getByRole('button', { name: 'Sign out ana' }).waitFor();

  await page.getByRole('button', { name: 'Switch off' }).click();
  await page.getByRole('dialog').getByLabel('Password').fill(password);
  await page.getByRole('dialog').getByRole('button', { name: 'Switch off' }).click();
  await page.getByText('Switched off: the password alone is enough to sign in.').first().waitFor();
  await page.getByLabel('How you are called').fill('Ana Souza');
  await page.getByRole('main').getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Sign out Ana Souza' }).waitFor();
});

test('a passkey is made on the profile, signs in, and is forgotten', async () => {
  const url = cluster.url.replace('127.0.0.1', 'localhost');
  await using shownThere = await visit(browser, `${url}/ui/sign-in`);
  const { page, context } = shownThere;
  const devices = await context.newCDPSession(page);
  await devices.send('WebAuthn.enable');
  const options = {
    protocol: 'ctap2',
    transport: 'internal',
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
  } as const;
  await devices.send('WebAuthn.addVirtualAuthenticator', { options });

  await page.getByLabel('Name').fill('ana');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('main').getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('link', { name: 'Your profile: Ana Souza' }).click();
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Notebook');
  await page.getByRole('dialog').getByLabel('Password').fill(password);
  await page.getByRole('dialog').getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByText('never used').waitFor();

  await page.getByRole('button', { name: 'Sign out Ana Souza' }).click();
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.getByRole('link', { name: 'Your profile: Ana Souza' }).click();
  await page.getByRole('button', { name: 'Forget Notebook' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Forget' }).click();
  await page.getByText('None yet.').waitFor();
});

test('the record: what was done and refused is found, exported, and verified', async () => {
  const { page } = admin;
  await goTo(page, 'Audit');
  await page.getByText('DELETE /api/v1/keys/:id').first().waitFor();
  expect(await findBarriers(admin)).toEqual([]);
  await page.getByLabel('Who').fill('ana');
  await page.getByLabel('Outcome').selectOption('failed');
  await page.getByText('DELETE /api/v1/people/:id').first().waitFor();
  await page.getByText('DELETE /api/v1/keys/:id').waitFor({ state: 'detached' });
  expect(new URL(page.url()).search).toBe('?actor=ana&result=failed');
  await page.getByText('DELETE /api/v1/people/:id').first().click();
  await page.locator('details[open]').getByText('Request', { exact: true }).waitFor();
  await admin.picture('audit-found');
  expect(await findBarriers(admin)).toEqual([]);

  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export' }).click();
  await page.getByRole('menuitem', { name: 'As CSV, for spreadsheets' }).click();
  expect((await download).suggestedFilename()).toBe('audit.csv');

  await page.getByRole('button', { name: 'Check for changes' }).click();
  await page.getByText('Nobody has changed the record.').waitFor();
  await admin.picture('audit-intact');
});

test('the settings say who comes in without signing in, and why not', async () => {
  const { page } = admin;
  await goTo(page, 'Settings');
  await page.getByText('Nobody comes in without signing in or a key.').waitFor();
  await page.getByText('More than one person has a login').waitFor();
  await page.getByText('main.port').waitFor();
  expect(await findBarriers(admin)).toEqual([]);
  await admin.picture('settings');
});

test('a change that is refused because the session has ended asks to sign in over the page: what was written stays', async () => {
  const { page, context } = admin;
  await goTo(page, 'Keys');
  await page.getByRole('button', { name: 'Make a key' }).click();
  const form = page.getByRole('dialog', { name: 'Make a key' });
  await form.getByLabel('Name').fill('half written');
  await context.clearCookies();
  await form.getByRole('button', { name: 'Make a key' }).click();
  const again = page.getByRole('dialog', { name: 'Sign in again' });
  await again.getByLabel('Password').fill(password);
  await admin.picture('session-ended');
  // of the dialog below much cannot be judged: another one lies over it
  expect((await findBarriers(admin)).filter((barrier) => barrier.startsWith('violation'))).toEqual([]);
  await again.getByRole('button', { name: 'Sign in' }).click();
  await again.waitFor({ state: 'detached' });
  expect(await form.getByLabel('Name').inputValue()).toBe('half written');
  await form.getByRole('button', { name: 'Make a key' }).click();
  await page.getByRole('dialog', { name: 'The key “half written” is ready' }).waitFor();
});
