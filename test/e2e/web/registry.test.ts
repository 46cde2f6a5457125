import type { Browser, Page } from 'playwright-core';
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

/** As the owner of this machine, who may do everything. */
const enter = (path: string, look: { readonly language?: 'pt-BR' } = {}) =>
  visit(browser, `${cluster.url}/ui${path}`, { ...look, headers: cluster.ownerHeaders() });

/** A file of safetensors with one tensor of so many numbers. */
function makeSafetensors(numbers: number): Buffer {
  const header = Buffer.from(JSON.stringify({ weight: { dtype: 'F32', shape: [numbers], data_offsets: [0, numbers * 4] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(numbers * 4, 1)]);
}

interface Upload {
  readonly name: string;
  readonly version: string;
  readonly files: readonly { readonly name: string; readonly buffer: Buffer }[];
}

async function upload(page: Page, { name, version, files }: Upload): Promise<void> {
  await page.getByRole('button', { name: 'Add model' }).click();
  await page.getByRole('menuitem', { name: 'Upload files' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.locator('input[type=file]').setInputFiles(files.map((file) => ({ ...file, mimeType: 'application/octet-stream' })));
  await dialog.getByLabel('Name', { exact: true }).fill(name);
  await dialog.getByLabel('Version', { exact: true }).fill(version);
  await dialog.getByRole('button', { name: 'Upload', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByText('Uploaded').first().waitFor();
}

test('files of this computer become versions, which are found, compared, pointed to, and pointed back from', async () => {
  await using shown = await enter('/models');
  const { page } = shown;
  const readme = { name: 'README.md', buffer: Buffer.from('# Detector') };
  const toWeights = (numbers: number) => ({ name: 'model.safetensors', buffer: makeSafetensors(numbers) });
  await upload(page, { name: 'vision/detector', version: '1.0.0', files: [toWeights(1000)] });
  await page.reload();
  await upload(page, { name: 'vision/detector', version: '1.1.0', files: [toWeights(2000), readme] });
  expect(await findBarriers(shown)).toEqual([]);

  await page.getByRole('searchbox', { name: 'Search models' }).fill('detec');
  await page.getByRole('link', { name: 'starter', exact: true }).waitFor({ state: 'detached' });
  expect(new URL(page.url()).searchParams.get('search')).toBe('detec');
  await shown.picture('registry-search');
  const list = page.getByRole('main').getByRole('list');
  await list.getByRole('link', { name: 'vision/detector', exact: true }).last().click();
  await page.getByRole('heading', { name: 'vision/detector', level: 1 }).waitFor();
  await page.getByText('(2,000)').waitFor();
  expect(await findBarriers(shown)).toEqual([]);

  await page.getByRole('tab', { name: 'Versions' }).click();
  await page.getByRole('button', { name: 'Actions for version 1.1.0' }).click();
  await page.getByRole('menuitem', { name: 'Compare' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('README.md').waitFor();
  await shown.picture('registry-compare');
  await page.keyboard.press('Escape');

  const point = async (version: string) => {
    await page.getByRole('button', { name: `Actions for version ${version}` }).click();
    await page.getByRole('menuitem', { name: 'Point an alias here' }).click();
    await dialog.getByLabel('Alias', { exact: true }).fill('production');
    await dialog.getByRole('button', { name: 'Point it here' }).click();
    await dialog.waitFor({ state: 'detached' });
  };
  const production = page
    .getByRole('main')
    .getByRole('listitem')
    .filter({ hasText: /^production/ });
  await point('1.0.0');
  await production.filter({ hasText: 'version 1' }).waitFor();
  await point('1.1.0');
  await production.filter({ hasText: 'version 2' }).waitFor();
  await production.getByRole('button', { name: 'Roll back' }).click();
  await dialog.getByRole('button', { name: 'Roll back' }).click();
  await production.filter({ hasText: 'version 1' }).waitFor();
  await production.getByRole('button', { name: 'History' }).click();
  await production.getByText('rolled back: 2 → 1').waitFor();
  expect(await findBarriers(shown)).toEqual([]);
  await shown.picture('registry-versions');

  await page.getByRole('tab', { name: 'Files' }).click();
  const coming = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download README.md' }).click();
  expect((await coming).suggestedFilename()).toBe('README.md');
  expect(shown.problems).toEqual([]);
});

test('an import from an address that may not be called says why, in the page’s language', async () => {
  await using shown = await enter('/models', { language: 'pt-BR' });
  const { page } = shown;
  await page.getByRole('button', { name: 'Adicionar modelo' }).click();
  await page.getByRole('menuitem', { name: 'Importar de outro lugar' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('O que importar').fill('https://127.0.0.1:9/model.gguf');
  await dialog.getByRole('button', { name: 'Ver', exact: true }).click();
  await dialog.getByRole('button', { name: 'Importar', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('region', { name: 'Em andamento' }).or(page.getByRole('main')).getByRole('alert').waitFor();
  await page.getByText(/^Falhou ·/).waitFor();
  expect(await findBarriers(shown)).toEqual([]);
  await shown.picture('registry-import-refused');
});
