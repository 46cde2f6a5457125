import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type TestCluster } from '../support/start-cluster.ts';

let cluster: TestCluster;
let folder: string;
const script = JSON.stringify({ fake: 1, text: 'From the registry.' });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'registry-'));
  cluster = await startCluster();
});
afterAll(async () => {
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function cli(...args: string[]) {
  const { code, stdout, stderr } = await cluster.cli(...args, '--json');
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

test('what a form brings to the registry’s own port is loaded, answers, and is under the main one as well', async () => {
  const form = new FormData();
  form.set('file', new Blob([script]), 'tiny.fake.json');
  form.set('name', 'lab/tiny');
  form.set('version', '1.0.0');
  const headers = cluster.ownerHeaders();
  const published = await fetch(`${cluster.registryUrl}/models`, { method: 'POST', body: form, headers });
  expect([published.status, await published.json()]).toMatchObject([201, { version: 1, semver: '1.0.0' }]);
  const loaded = await fetch(`${cluster.registryUrl}/models/lab%2Ftiny/load`, {
    method: 'POST',
    body: '{"version":"1.0.0"}',
    headers: { ...headers, 'content-type': 'application/json' },
  });
  expect(await loaded.json()).toMatchObject({ condition: { state: 'ready' }, replicas: [{ condition: { state: 'ready' } }] });
  const answer = await fetch(`${cluster.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: 'lab/tiny', messages: [{ role: 'user', content: 'Hello' }] }),
    headers: { ...headers, 'content-type': 'application/json' },
  });
  expect(await answer.json()).toMatchObject({ choices: [{ message: { content: 'From the registry.' } }] });
  const found = await fetch(`${cluster.url}/api/v1/registry/models?search=tin`, { headers });
  expect(await found.json()).toMatchObject({ models: [{ name: 'lab/tiny' }] });
  const removed = await fetch(`${cluster.registryUrl}/models/lab%2Ftiny/versions/1`, { method: 'DELETE', headers });
  expect(await removed.json()).toMatchObject({ code: 'in_use' });
  expect((await fetch(`${cluster.registryUrl}/models`, { headers: { ...headers, origin: 'http://evil.example' } })).status).toBe(403);
});

test('the command line registers, moves aliases, compares, copies, verifies and exports', async () => {
  const model = join(folder, 'bert');
  await mkdir(join(model, 'tokenizer'), { recursive: true });
  await writeFile(join(model, 'model.bin'), 'weights '.repeat(1000));
  await writeFile(join(model, 'tokenizer', 'vocab.json'), '{}');
  const register = (semver: string) =>
    cli('models', 'register', 'lab/bert', '--file', model, '--semver', semver, '--metric', 'accuracy=0.9');
  expect(await register('1.0.0')).toMatchObject({ semver: '1.0.0', files: [{ path: 'model.bin' }, { path: 'tokenizer/vocab.json' }] });
  await writeFile(join(model, 'model.bin'), 'other weights '.repeat(1000));
  expect(await register('1.1.0')).toMatchObject({ version: 2, metadata: { metrics: { accuracy: 0.9 } } });
  await cli('models', 'alias', 'lab/bert', 'prod', '1.0.0');
  await cli('models', 'alias', 'lab/bert', 'prod', 'latest', '--protect').catch((error: Error) =>
    expect(error.message).toContain('verdict_refused'),
  );
  expect((await cli('models', 'alias', 'lab/bert', 'prod', '1.1.0')).aliases).toMatchObject([
    { alias: 'latest' },
    { alias: 'prod', version: 2 },
  ]);
  expect((await cli('models', 'alias', 'lab/bert', 'prod', '--rollback')).aliases).toMatchObject([{}, { alias: 'prod', version: 1 }]);
  expect(await cli('models', 'tag', 'lab/bert:prod', 'stage=live')).toMatchObject({ tags: { stage: 'live' } });
  expect((await cli('models', 'diff', 'lab/bert', 'prod')).files).toMatchObject({ changed: [{ path: 'model.bin' }], unchanged: 1 });
  expect(await cli('models', 'cp', 'lab/bert:prod', 'shop/bert')).toMatchObject({ versionCount: 1 });
  expect((await cli('models', 'versions', 'lab/bert')).versions).toHaveLength(2);
  expect((await cli('models', 'verify', 'lab/bert:1.0.0')).files).toHaveLength(2);
  await cli('models', 'export', 'lab/bert:1.1.0', join(folder, 'out'));
  expect(await readFile(join(folder, 'out', 'model.bin'), 'utf8')).toBe('other weights '.repeat(1000));
  expect(await readFile(join(folder, 'out', 'tokenizer', 'vocab.json'), 'utf8')).toBe('{}');

  expect((await cli('models', 'ls', '--search', 'bert', '--sort', 'name')).models).toMatchObject([
    { name: 'lab/bert' },
    { name: 'shop/bert' },
  ]);
  expect((await cli('models', 'ls', '--namespace', 'shop', '--limit', '1')).models).toMatchObject([{ name: 'shop/bert' }]);
  expect((await cluster.cli('models', 'ls', '--framework', 'onnx')).stdout).not.toContain('bert');
  await expect(cli('models', 'rm', 'lab/bert:1.0.0', '--yes')).rejects.toThrow(/prod.*in_use|in_use.*prod/s);
  await cli('models', 'alias', 'lab/bert', 'prod', '1.1.0');
  expect(await cli('models', 'rm', 'lab/bert:1.0.0', '--yes')).toEqual({ name: 'lab/bert:1', version: 1, removed: true });
  expect((await cli('models', 'versions', 'lab/bert')).versions).toHaveLength(1);

  expect(await cli('models', 'allow', 'lab/bert:prod', '--reason', 'made here')).toMatchObject({ allowed: { reason: 'made here' } });
  expect((await cli('models', 'alias', 'lab/bert', 'prod', 'prod', '--protect')).aliases[1]).toMatchObject({ isProtected: true });
  expect((await cli('audit', 'ls', '--action', 'allowed')).entries[0]).toMatchObject({ details: { version: 2, reason: 'made here' } });
});
