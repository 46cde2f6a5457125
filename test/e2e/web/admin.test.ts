import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type TestCluster } from '../../support/start-cluster.ts';
import { findBarriers, openBrowser, type Visit, visit } from './browser.ts';
import { startAgent } from './second-machine.ts';

// What an admin does about other people, programs, secrets and machines: against a real cluster, where machines wait to be let in and one
// listener has a certificate.

const password = 'quiet river under glass';
const script = { fake: 1, text: 'Olá! Tudo bem.', tokensPerSecond: 20_000, firstTokenMs: 1, parallel: 4 };
const config = `
nodes:
  approval: manual
listeners:
  ollama:
    tls: internal
`;

let folder: string;
let cluster: TestCluster;
let browser: Browser;
let admin: Visit;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'web-admin-'));
  const weights = join(folder, 'swift.fake.json');
  await writeFile(weights, JSON.stringify(script));
  cluster = await startCluster({ dataFolder: join(folder, 'cluster'), config, models: { 'team/swift': weights, other: weights } });
  browser = await openBrowser();
  admin = await visit(browser, cluster.setupUrl ?? '');
  const { page } = admin;
  await page.getByLabel('Name').fill('ana');
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByLabel('The same password again').fill(password);
  await page.getByRole('button', { name: 'Save and sign in' }).click();
  await page.getByRole('button', { name: 'Sign out ana' }).waitFor();
});
afterAll(async () => {
  await admin?.[Symbol.asyncDispose]();
  await browser?.close();
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

const goTo = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Main navigation' }).getByRole('link', { name, exact: true }).click();

const ask = (key: string, model: string) =>
  fetch(`${cluster.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Olá' }] }),
  });

async function serialOfListener(): Promise<string | undefined> {
  const { stdout } = await cluster.cli('certs', 'ls', '--json');
  const { certificates } = JSON.parse(stdout) as { certificates: readonly { readonly purpose: string; readonly serial: string }[] };
  return certificates.find(({ purpose }) => purpose === 'listener')?.serial;
}

test('whoever has not signed in is told to, by pages and by commands as they are typed here; roles are read by everybody', async () => {
  await using guest = await visit(browser, `${cluster.url}/ui/people`, { width: 390, height: 844 });
  const alert = guest.page.getByRole('alert');
  await alert.getByText('Sign in to open this').waitFor();
  expect(await alert.textContent()).not.toMatch(/admin can give/);
  expect(await findBarriers(guest)).toEqual([]);
  await guest.picture('refused-visitor');
  await guest.page.goto(`${cluster.url}/ui/roles`);
  await guest.page.getByRole('heading', { name: 'Viewer' }).waitFor();
  await guest.page.goto(`${cluster.url}/ui/`);
  expect(await guest.page.locator('meta[name="cluster-ai-program"]').getAttribute('content')).toBe('npx cluster-ai');
  const refused = await fetch(`${cluster.url}/api/v1/people`);
  expect(((await refused.json()) as { hint: string }).hint).toContain(': npx cluster-ai users add');
});

test('a service account gets models and limits, a key for them, and what it uses is seen; disabled, its key is refused', async () => {
  const { page } = admin;
  await page.goto(`${cluster.url}/ui/people`);
  await page.getByRole('button', { name: 'Add service account' }).click();
  const form = page.getByRole('dialog', { name: 'Add service account' });
  await form.getByLabel('Name').fill('nightly');
  await form.getByLabel('Models', { exact: true }).selectOption('some');
  await form.getByRole('checkbox', { name: /^team\/\*/ }).check();
  await form.getByText('Limits', { exact: true }).click();
  await form.getByLabel('Requests a day').fill('2');
  expect(await findBarriers(admin)).toEqual([]);
  await admin.picture('service-account-form');
  await form.getByRole('button', { name: 'Add service account' }).click();

  await page.getByRole('heading', { name: 'nightly', level: 1 }).waitFor();
  await page.getByText('No keys yet.').waitFor();
  await page.getByRole('button', { name: 'Make a key' }).click();
  const keyForm = page.getByRole('dialog', { name: 'Make a key for nightly' });
  await keyForm.getByLabel('Name').fill('on the server');
  await keyForm.getByLabel('Name').press('Enter');
  await page.getByRole('dialog', { name: 'The key “on the server” is ready' }).waitFor();
  const key = (await page.getByRole('region', { name: 'Key', exact: true }).textContent()) ?? '';
  await page.getByRole('button', { name: 'I have copied it' }).click();

  expect((await ask(key, 'team/swift')).status).toBe(200);
  expect((await ask(key, 'other')).status).toBe(404);
  await page.reload();
  await page.getByText('1 of 2').waitFor();
  expect(await findBarriers(admin)).toEqual([]);
  await admin.picture('service-account');

  await page.getByRole('button', { name: 'Change models' }).click();
  await page.getByLabel('Others').fill('oth*');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByText('oth*').waitFor();
  expect((await ask(key, 'other')).status).toBe(200);
  expect((await ask(key, 'other')).status).toBe(429);
  await page.getByRole('button', { name: 'Change limits' }).click();
  const limits = page.getByRole('dialog', { name: 'Limits of nightly' });
  await limits.getByLabel('Requests a day').fill('');
  await limits.getByLabel('Tokens for all time').fill('1,000,000');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByText(/of 1,000,000/).waitFor();
  expect((await ask(key, 'other')).status).toBe(200);

  await page.getByRole('button', { name: 'Actions for nightly' }).click();
  await page.getByRole('menuitem', { name: 'Disable' }).click();
  await page.getByText('All of its keys are refused at once.').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
  await page.getByText('nightly is disabled.').waitFor();
  expect((await ask(key, 'other')).status).toBe(401);
  await page.getByRole('button', { name: 'Actions for nightly' }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await page.getByLabel('Type nightly to confirm').fill('nightly');
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByText('No service accounts').waitFor();
  expect(admin.problems).toEqual([]);
});

test('one’s own data come as a file; somebody else is exported, and erased once the name is typed', async () => {
  const { page } = admin;
  await cluster.cli('users', 'add', 'bia', '--json');
  await page.goto(`${cluster.url}/ui/profile`);
  const own = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export' }).click();
  const file = await own;
  expect(file.suggestedFilename()).toBe('ana.json');
  expect(JSON.parse(await readFile(await file.path(), 'utf8'))).toMatchObject({ person: { name: 'ana' }, sessions: [{}] });

  await goTo(page, 'People');
  await page.getByRole('link', { name: 'bia' }).click();
  await page.getByRole('heading', { name: 'bia', level: 1 }).waitFor();
  const theirs = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export' }).click();
  expect((await theirs).suggestedFilename()).toBe('bia.json');
  await page.getByRole('button', { name: 'Erase' }).click();
  const question = page.getByRole('dialog', { name: 'Erase bia for good?' });
  await question.getByText('Backups that were made before still know the person.').waitFor();
  expect(await findBarriers(admin)).toEqual([]);
  await admin.picture('person-erase');
  expect(await question.getByRole('button', { name: 'Erase' }).isEnabled()).toBe(false);
  await question.getByLabel('Type bia to confirm').fill('bia');
  await question.getByRole('button', { name: 'Erase' }).click();
  await page.getByText('bia is erased. Chats: 0. Keys: 0.').waitFor();
  await page.getByRole('link', { name: 'bia' }).waitFor({ state: 'detached' });

  await page.getByRole('link', { name: 'ana', exact: true }).click();
  await page.getByText('You cannot erase yourself.').waitFor();
  expect(await page.getByRole('button', { name: 'Erase' }).count()).toBe(0);
  expect(admin.problems).toEqual([]);
});

test('a secret goes in and is never shown; keys are replaced while the page says how far that is', async () => {
  const { page } = admin;
  await page.goto(`${cluster.url}/ui/secrets`);
  await page.getByText('No secrets').waitFor();
  await page.getByRole('button', { name: 'Add a secret' }).click();
  const form = page.getByRole('dialog', { name: 'Add a secret' });
  await form.getByLabel('Name').fill('mail');
  await form.getByLabel('For', { exact: true }).selectOption('mail');
  await form.getByLabel('Value').fill('planted-and-never-seen\nsecond line\n');
  expect(await findBarriers(admin)).toEqual([]);
  await admin.picture('secret-form');
  await form.getByRole('button', { name: 'Add a secret' }).click();
  await page.getByRole('heading', { name: 'mail' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'mail' }).waitFor();
  expect(await page.content()).not.toContain('planted-and-never-seen');

  await page.getByRole('button', { name: 'Replace keys' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Replace keys' }).click();
  await page.getByText('1 value is sealed anew. The old key goes within a minute.').first().waitFor();
  expect(await findBarriers(admin)).toEqual([]);
  await admin.picture('secrets-rotating');
  await page.getByRole('button', { name: 'Replace keys' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Replace keys' }).click();
  await page
    .getByRole('dialog')
    .getByRole('alert')
    .getByText(/is being replaced already/)
    .waitFor();
  await page.getByLabel('Which keys').selectOption('The master key');
  await page.getByRole('dialog').getByRole('button', { name: 'Replace keys' }).click();
  await page.getByText('The master key is new.').waitFor();

  await page.getByRole('button', { name: 'Replace mail' }).click();
  await page.getByRole('dialog').getByLabel('Value').fill('another');
  await page.getByRole('dialog').getByRole('button', { name: 'Replace' }).click();
  await page.getByText('“mail” is kept.').waitFor();
  await page.getByRole('button', { name: 'Remove mail' }).click();
  await page.getByLabel('Type mail to confirm').fill('mail');
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByText('No secrets').waitFor();
});

test('a machine that joined waits on the pages, is let in by a button, and its certificate is listed; the listener’s is renewed', async () => {
  const { page } = admin;
  const problemsBefore = admin.problems.length;
  await page.goto(`${cluster.url}/ui/nodes`);
  const invited = await cluster.cli('nodes', 'invite', '--json');
  const { token } = JSON.parse(invited.stdout) as { token: string };
  await using _second = await startAgent(cluster.linkAddress, token, join(folder, 'second'));

  await page.getByRole('heading', { name: 'second waits for approval' }).waitFor();
  expect(await findBarriers(admin)).toEqual([]);
  await admin.picture('node-waits');
  await goTo(page, 'Overview');
  await page.getByText('The node has joined and waits for somebody’s approval.').waitFor();
  await admin.picture('overview-node-waits');
  await goTo(page, 'Nodes');
  await page.getByRole('button', { name: 'Approve second' }).click();
  await page.getByText('second may work now.').waitFor();
  await page.getByRole('heading', { name: 'second waits for approval' }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: /^second: Ready/ }).waitFor();
  await admin.picture('node-approved');

  await goTo(page, 'Certificates');
  await page.getByRole('heading', { name: 'second', exact: true }).waitFor();
  expect(await findBarriers(admin)).toEqual([]);
  await admin.picture('certificates-real');
  const before = await serialOfListener();
  await page.getByRole('button', { name: 'Renew' }).click();
  await page.getByText('The certificates of the listeners are new.').waitFor();
  expect(await serialOfListener()).not.toBe(before);
  expect(admin.problems.slice(problemsBefore)).toEqual([]);
});
