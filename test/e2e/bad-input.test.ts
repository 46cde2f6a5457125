import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli, startCluster, type TestCluster } from '../support/start-cluster.ts';

const starter = join(import.meta.dirname, '../../packages/control-plane/assets/starter/cluster-ai-starter.gguf');
let cluster: TestCluster;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bad-input-'));
  cluster = await startCluster();
});
afterAll(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

const send = (path: string, body: string | Uint8Array, method = 'POST') =>
  fetch(`${cluster.url}${path}`, { method, headers: { 'content-type': 'application/json', ...cluster.ownerHeaders() }, body });
const json = async (response: Response) => (await response.json()) as Record<string, never>;
const ask = JSON.stringify({ model: 'nobody', messages: [{ role: 'user', content: 'x' }] });

describe('each door refuses in its own dialect', () => {
  test('wrong JSON', async () => {
    expect(await json(await send('/api/v1/generate', '{'))).toMatchObject({ status: 400, code: 'invalid_json' });
    expect(await json(await send('/v1/chat/completions', '{'))).toMatchObject({
      error: { type: 'invalid_request_error', code: 'invalid_json' },
    });
    expect(Object.keys(await json(await send('/api/chat', '{')))).toEqual(['error']);
  });
  test('an unknown model', async () => {
    const openai = await send('/v1/chat/completions', ask);
    expect([openai.status, await json(openai)]).toMatchObject([404, { error: { code: 'model_not_found' } }]);
    const ollama = await send('/api/chat', ask);
    expect([ollama.status, await json(ollama)]).toMatchObject([404, { error: expect.stringContaining("model 'nobody' not found") }]);
    expect(await json(await send('/api/v1/generate', '{"model":"nobody","prompt":"x"}'))).toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
  });
  test('an oversized body', async () => {
    const big = new Uint8Array(21 * 1024 * 1024).fill(32);
    for (const path of ['/v1/chat/completions', '/api/chat', '/api/v1/generate']) {
      const response = await send(path, big).catch(() => undefined); // the connection may be closed while we still send
      if (response) expect(response.status).toBe(413);
    }
    expect((await fetch(`${cluster.url}/api/v1/cluster/status`)).status).toBe(200);
  });
  test('an unknown route and a wrong method', async () => {
    expect(await json(await fetch(`${cluster.url}/api/v1/nothing`))).toMatchObject({ status: 404, code: 'unknown_route' });
    expect(await json(await fetch(`${cluster.url}/v1/nothing`))).toMatchObject({ error: { code: 'unknown_route' } });
    expect((await send('/api/v1/cluster/status', '{}')).status).toBeGreaterThanOrEqual(404);
  });
  test('a foreign host', async () => {
    const { stdout } = await promisify(execFile)('curl', ['-s', '-H', 'Host: evil.example', `${cluster.url}/v1/models`]);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'host_not_allowed' } });
  });
});

describe('files that are no models', () => {
  const add = async (path: string, name = 'broken') => {
    const response = await send('/api/v1/models', JSON.stringify({ name, path }));
    return { status: response.status, problem: (await response.json()) as { code: string; detail: string } };
  };
  test('a model cut at 50 places is refused with a reason, and nothing of it stays', async () => {
    const bytes = await readFile(starter);
    const before = await blobs();
    let seed = 20_261_121;
    for (let i = 0; i < 50; i++) {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
      const path = join(folder, `cut-${i}.gguf`);
      await writeFile(path, bytes.subarray(0, seed % bytes.length));
      const { status, problem } = await add(path);
      expect([status, problem.code]).toEqual([422, 'invalid_model_file']);
      expect(problem.detail.length).toBeGreaterThan(20);
    }
    expect(await blobs()).toEqual(before);
    expect((await fetch(`${cluster.url}/api/v1/models/broken`)).status).toBe(404);
  });
  const blobs = async () =>
    (await readdir(join(cluster.dataFolder, 'blobs'), { recursive: true })).filter((name) => /[0-9a-f]{64}/.test(name)).sort();

  test('missing files, folders and devices are refused', async () => {
    expect((await add(join(folder, 'none.gguf'))).problem.code).toBe('file_not_found');
    for (const path of [folder, '/dev/zero', 'relative.gguf']) expect((await add(path)).status).toBeGreaterThanOrEqual(400);
  });
});

describe('a start that cannot work says why', () => {
  test('a data folder that cannot be made', async () => {
    await writeFile(join(folder, 'file'), '');
    const { code, stderr, stdout } = await runCli(['up', '--no-open', '--data-dir', join(folder, 'file', 'below')]);
    expect(code).toBe(1);
    expect(stderr + stdout).toMatch(/data folder/i);
  });
  test('a listener beyond loopback', async () => {
    const data = join(folder, 'open');
    await (await startCluster({ dataFolder: data })).stop();
    await writeFile(join(data, 'cluster.yaml'), 'listeners: { main: { host: 0.0.0.0 } }\n');
    const { code, stderr, stdout } = await runCli(['up', '--no-open', '--data-dir', data]);
    expect(code).toBe(1);
    expect(stderr + stdout).toMatch(/may not listen on 0\.0\.0\.0/);
  });
  test('a wrong configuration names the line', async () => {
    const data = join(folder, 'wrong');
    await (await startCluster({ dataFolder: data })).stop();
    await writeFile(join(data, 'cluster.yaml'), 'listeners:\n  main:\n    port: many\n');
    const { code, stderr, stdout } = await runCli(['up', '--no-open', '--data-dir', data]);
    expect(code).not.toBe(0);
    expect(stderr + stdout).toMatch(/line 3/);
  });
});
