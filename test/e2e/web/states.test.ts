import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../support/start-cluster.ts';
import { findBarriers, openBrowser, visit } from './browser.ts';

// A healthy cluster never shows most states, and few machines have GPUs: the made-up one of the developers shows them all.
let server: ChildProcess;
let address = '';
let browser: Browser;

beforeAll(async () => {
  server = spawn(process.execPath, [join(import.meta.dirname, '../../../packages/web/dev/fake-server.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(server.stdout ?? server, 'data')) as [Buffer];
  address = String(line).trim();
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  server?.kill();
});

const looks = [
  { language: 'en', theme: 'dark', width: 1440, height: 900 },
  { language: 'pt-BR', theme: 'light', width: 390, height: 844 },
] as const;

const pages = {
  'all-states': { path: '', sees: 'raspberry-pi-in-the-kitchen' },
  'node-with-gpu': { path: 'nodes/n1', sees: 'NVIDIA GeForce RTX 3060' },
  'node-unreachable': { path: 'nodes/n4', sees: 'heartbeat_lost' },
  'model-loading': { path: 'models/qwen%2Fqwen3', sees: 'loading_model' },
  'model-failed': { path: 'models/llama-70b', sees: 'not_enough_memory' },
  'model-versions': { path: 'models/starter?tab=versions', sees: 'template_attribute' },
  'model-files': { path: 'models/starter?tab=files', sees: 'docs/README.md' },
  imports: { path: 'models', sees: 'hf.co/Qwen/Qwen2.5-7B-Instruct-GGUF:Q4_K_M' },
  'found-files': { path: 'models', sees: 'qwen2.5:7b' },
  compute: { path: 'compute', sees: 'gpu-box' },
  task: { path: 'compute/tasks/pi', sees: 'fold 1 of 7: 0.812' },
  keys: { path: 'keys', sees: 'Open WebUI' },
  people: { path: 'people', sees: 'ana@casa.example' },
  person: { path: 'people/person_bia', sees: '168' },
  'service-account': { path: 'people/person_bot', sees: 'nightly' },
  roles: { path: 'roles', sees: /What each role may do|O que cada papel pode/ },
  secrets: { path: 'secrets', sees: 'huggingface.co' },
  profile: { path: 'profile', sees: 'cluster.casa.example' },
  audit: { path: 'audit', sees: 'node.joined' },
  certificates: { path: 'certificates', sees: 'cluster.casa.example' },
  'node-to-approve': { path: 'nodes/n7', sees: '192.168.0.27' },
  settings: { path: 'settings', sees: 'firstTokenTimeoutSeconds' },
  'rich-answer': { path: 'chat/short', sees: 'find_duplicates' },
} as const;

describe.each(looks)('every state: $language, $theme, $width wide', (look) => {
  test.each(Object.entries(pages))('%s is without barriers and errors', async (name, { path, sees }) => {
    await using shown = await visit(browser, address + path, look);
    await shown.page.getByText(sees).first().waitFor();
    await shown.picture(`state-${name}-${look.language}`);
    if (look.language !== 'en') expect(await shown.page.locator('main [lang="en"]').allTextContents()).toEqual([]);
    expect(await findBarriers(shown)).toEqual([]);
    expect(shown.problems).toEqual([]);
  });
});

test('the reason of a state opens by keyboard: the sentence, since when, and the next step', async () => {
  await using shown = await visit(browser, `${address}nodes`);
  const badge = shown.page.getByRole('button', { name: /^raspberry-pi-in-the-kitchen: Unreachable/ });
  await badge.focus();
  await shown.page.keyboard.press('Enter');
  const reason = shown.page.getByRole('dialog', { name: 'Why raspberry-pi-in-the-kitchen is in this state' });
  await reason.waitFor();
  expect(await reason.textContent()).toMatch(
    /No heartbeat for more than 5 seconds\..*Next step: Check that the machine is on.*Began \d+ minutes ago/,
  );
  await shown.picture('why');
  expect(await findBarriers(shown)).toEqual([]);
  await shown.page.keyboard.press('Escape');
  await reason.waitFor({ state: 'detached' });
  await eventually('the focus is back', () =>
    shown.page.evaluate("document.activeElement.textContent.includes('raspberry-pi-in-the-kitchen')"),
  );
});

test('a machine that waits is let in from the list of machines', async () => {
  await using shown = await visit(browser, `${address}nodes`);
  await shown.page.getByRole('heading', { name: 'attic waits for approval' }).waitFor();
  await shown.picture('nodes-to-approve');
  expect(await findBarriers(shown)).toEqual([]);
  await shown.page.getByRole('button', { name: 'Approve attic' }).click();
  await shown.page.getByText('attic may work now.').waitFor();
  await shown.page.getByRole('heading', { name: 'attic waits for approval' }).waitFor({ state: 'detached' });
  expect(shown.problems).toEqual([]);
});

test('a page whose code does not come says so', async () => {
  await using shown = await visit(browser, 'about:blank', { language: 'pt-BR' });
  await shown.page.route('**/assets/*.js', (route) => route.abort());
  await shown.page.goto(address);
  await shown.page.getByText('A página ainda está carregando. Se nada aparecer, recarregue-a.').waitFor();
});
