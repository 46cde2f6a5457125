import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClusterClient } from '@cluster-ai/client';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, startCluster, type TestCluster } from '../../support/start-cluster.ts';
import { openBrowser, visit } from './browser.ts';

/** Each tries to run, in its own way; what runs leaves its mark on the window. */
const scripts = [
  '<script>window.marked = 1</script>',
  '<img src=x onerror="window.marked = 2">',
  '<svg onload="window.marked = 3"><script>window.marked = 4</script></svg>',
  '<iframe srcdoc="<script>parent.marked = 5</script>"></iframe>',
  '[a link](javascript:window.marked=6)',
  '![a picture](x" onerror="window.marked=7)',
  '<a href="javascript:window.marked=8">another</a>',
  '<style>@import url(javascript:window.marked=9)</style><details open ontoggle="window.marked=10">',
  '"><script>window.marked = 11</script>',
];
const end = 'That was all of it.';

let folder: string;
let cluster: TestCluster;
let browser: Browser;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hostile-text-'));
  const path = join(folder, 'hostile.fake.json');
  const text = `${scripts.join('\n\n')}\n\n\`\`\`html\n${scripts.join('\n')}\n\`\`\`\n\n${end}`;
  await writeFile(path, JSON.stringify({ fake: 1, text, tokensPerSecond: 20_000, firstTokenMs: 1 }));
  cluster = await startCluster({ dataFolder: join(folder, 'cluster'), models: { hostile: path } });
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('attack 34: scripts in titles, questions and answers are text on the page, and its policy had nothing to stop', async () => {
  const client = createClusterClient({ baseUrl: cluster.url });
  for (const title of scripts) await client.createChat({ model: 'hostile', title });
  await using shown = await visit(browser, `${cluster.url}/ui/chat?model=hostile`);
  const { page, problems } = shown;
  const field = page.getByRole('textbox', { name: 'Message' });
  await field.fill(scripts.join(' '));
  await field.press('Enter');
  await page.getByRole('region', { name: 'Messages' }).getByText(end).waitFor();
  await page.getByRole('navigation', { name: 'Chats' }).getByText('window.marked = 11').first().waitFor();
  for (const link of await page.getByRole('region', { name: 'Messages' }).getByRole('link').all())
    expect(await link.getAttribute('href')).not.toMatch(/^\s*javascript:/i);
  for (const path of ['/ui/', '/ui/models', '/ui/models/hostile', '/ui/nodes']) await page.goto(`${cluster.url}${path}`);
  await eventually('the page is there', () => page.getByRole('heading', { level: 1 }).count());
  expect(await page.evaluate('window.marked')).toBeUndefined();
  expect(problems.filter((problem) => /content security policy/i.test(problem))).toEqual([]);
});

test('attack 35: no other page frames ours', async () => {
  await using shown = await visit(browser, 'about:blank');
  const { page } = shown;
  await page.setContent(`<iframe src="${cluster.url}/ui/chat"></iframe>`);
  // the browser shows an error of its own in the place of what may not be framed
  await eventually('the frame is refused', () => page.frames().some((frame) => frame.url().startsWith('chrome-error:')));
  for (const path of ['/ui/chat', '/api/v1/cluster/status', '/v1/models', '/nothing']) {
    const policy = (await fetch(`${cluster.url}${path}`)).headers.get('content-security-policy') ?? '';
    expect(policy, path).toContain("frame-ancestors 'none'");
    expect(policy, path).not.toMatch(/(?:script|default)-src[^;]*unsafe/);
  }
});
