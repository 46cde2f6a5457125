import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { clientId, startProvider, type TestProvider } from '../../../packages/control-plane/src/access/oidc/testing/start-provider.ts';
import { startCluster, type TestCluster } from '../../support/start-cluster.ts';
import { findBarriers, openBrowser, visit } from './browser.ts';

const clientSecret = 'what the provider knows us by';
let provider: TestProvider;
let cluster: TestCluster;
let browser: Browser;
beforeAll(async () => {
  for (const level of ['info', 'warn'] as const) vi.spyOn(console, level).mockImplementation(() => {}); // the provider says that it is for tests
  provider = await startProvider(clientSecret, 'localhost'); // another site than 127.0.0.1, as a real one would be
  const oidc = {
    issuer: provider.issuer,
    clientId,
    clientSecret: 'oidc',
    scopes: ['profile', 'email', 'groups'],
    roles: { staff: 'developer' },
    label: 'Casa',
  };
  const config = { access: { oidc }, outgoing: { allowedHosts: [provider.host], plainHosts: [provider.host] } };
  cluster = await startCluster({ config: JSON.stringify(config) });
  provider.callbackUrl = `${cluster.url}/api/v1/sign-in/oidc/callback`;
  provider.accounts.set('bia', { preferred_username: 'bia', name: 'Bia', groups: ['staff'] });
  const credential = (await readFile(join(cluster.dataFolder, 'run', 'host.credential'), 'utf8')).trim();
  await fetch(`${cluster.url}/api/v1/secrets/oidc`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
    body: JSON.stringify({ value: clientSecret, purpose: 'oidc' }),
  });
  await cluster.cli('users', 'add', 'ana', '--role', 'admin');
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await cluster?.stop();
  await provider?.[Symbol.asyncDispose]();
});

test('by a button somebody goes to the company’s provider, and comes back signed in', async () => {
  await using shown = await visit(browser, `${cluster.url}/ui/sign-in`);
  const { page } = shown;
  const button = page.getByRole('link', { name: 'Sign in with Casa' });
  await button.waitFor();
  expect(await findBarriers(shown)).toEqual([]);
  await shown.picture('people-provider');
  await button.click();
  await page.locator('input[name=login]').fill('bia');
  await page.locator('input[name=password]').fill('any');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click(); // that the cluster may know who one is
  await page.getByRole('button', { name: 'Sign out bia' }).waitFor();
});

test('who has no group with a role is told so, in the language of the page', async () => {
  provider.accounts.set('caio', { preferred_username: 'caio', groups: [] });
  await using shown = await visit(browser, `${cluster.url}/ui/sign-in`, { language: 'pt-BR' });
  const { page } = shown;
  await page.getByRole('link', { name: 'Entrar com Casa' }).click();
  await page.locator('input[name=login]').fill('caio');
  await page.locator('input[name=password]').fill('any');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('alert').getByText('Nenhum dos seus grupos').waitFor();
  await shown.picture('people-provider-no-role-pt');
});
