import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ollama, type ProgressResponse } from 'ollama';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type StandInRegistry,
  sha256,
  startOllamaRegistry,
} from '../../packages/control-plane/src/registry/imports/testing/ollama-registry.ts';
import { eventually, startCluster, type TestCluster } from '../support/start-cluster.ts';
import { runPython, whyNoPython } from './python-clients.ts';

const starterPath = join(import.meta.dirname, '../../packages/control-plane/assets/starter/cluster-ai-starter.gguf');
const noPython = await whyNoPython();
if (noPython !== undefined) console.log(`The Python client is not tested: ${noPython}`);

let upstream: StandInRegistry;
let cluster: TestCluster;
let client: Ollama;
let weights: Buffer;
const question = { role: 'user', content: 'What is the capital of Brazil?' };

beforeAll(async () => {
  weights = await readFile(starterPath);
  upstream = await startOllamaRegistry();
  upstream.publish('library/tiny:latest', {
    model: weights,
    system: 'You are helpful.',
    params: '{"temperature":0,"num_predict":3}',
    license: 'MIT',
  });
  cluster = await startCluster({
    config: [
      `imports: { ollamaRegistry: "${upstream.url}" }`,
      `outgoing: { allowedHosts: ["${upstream.host}"], plainHosts: ["${upstream.host}"] }`,
      '',
    ].join('\n'),
  });
  client = new Ollama({ host: cluster.ollamaUrl, headers: cluster.ownerHeaders() });
});
afterAll(async () => {
  await cluster?.stop();
  await upstream?.[Symbol.asyncDispose]();
});

async function collect(lines: AsyncIterable<ProgressResponse>): Promise<ProgressResponse[]> {
  const all: ProgressResponse[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

const names = async () => (await client.list()).models.map(({ name }) => name).toSorted();

describe('the official Ollama client for JavaScript', () => {
  test('ollama run: show says 404, pull brings it, chat answers with what came with it', async () => {
    await expect(client.show({ model: 'tiny' })).rejects.toMatchObject({ status_code: 404 });
    const lines = await collect(await client.pull({ model: 'tiny', stream: true }));
    const statuses = lines.map(({ status }) => status);
    expect(statuses[0]).toBe('pulling manifest');
    expect(statuses.slice(-3)).toEqual(['verifying sha256 digest', 'writing manifest', 'success']);
    const digest = sha256(weights);
    const ofWeights = lines.filter((line) => line.digest === digest);
    expect(ofWeights.at(-1)).toMatchObject({ status: `pulling ${digest.slice(7, 19)}`, total: weights.length, completed: weights.length });
    const shown = await client.show({ model: 'tiny' });
    expect(shown).toMatchObject({ system: 'You are helpful.', license: 'MIT', details: { family: 'llama' } });
    expect(shown.parameters).toMatch(/num_predict\s+3/);
    const answer = await client.chat({ model: 'tiny', messages: [question] });
    expect(answer).toMatchObject({ done_reason: 'length', eval_count: 3 });
    const more = await client.chat({ model: 'tiny', messages: [question], options: { num_predict: 60 } });
    expect(more.message.content).toBe('The capital of Brazil is Brasília.');
  });

  test('pulls again without fetching anything, and from a host with a port', async () => {
    const before = upstream.requests.length;
    expect(await client.pull({ model: 'tiny' })).toEqual({ status: 'success' });
    expect(upstream.requests.slice(before).map(({ path }) => path)).toEqual(['/v2/library/tiny/manifests/latest']);
    upstream.publish('lab/other:v2', { model: weights });
    const named = `${upstream.host}/lab/other:v2`;
    expect((await client.pull({ model: named, insecure: true })).status).toBe('success');
    expect(await names()).toContain(named);
    expect((await client.chat({ model: named, messages: [question], options: { temperature: 0 } })).message.content).toContain('Brasília');
  });

  test('a model that is nowhere is an error, in a stream and without', async () => {
    await expect(client.pull({ model: 'nobody' })).rejects.toMatchObject({ error: expect.stringContaining('nobody') });
    await expect(client.pull({ model: 'nobody', stream: true }).then(collect)).rejects.toThrow(/nobody/);
  });

  test('creates a model of another one, whose system prompt, parameters and messages count', async () => {
    const stream = await client.create({
      model: 'brief',
      from: 'starter',
      system: 'You are brief.',
      parameters: { num_predict: 2, temperature: 0 },
      messages: [
        { role: 'user', content: 'Hello' },
        { role: 'assistant', content: 'Hi!' },
      ],
      license: 'MIT',
      template: '{{ .Prompt }}',
      stream: true,
    });
    const statuses = (await collect(stream)).map(({ status }) => status);
    expect(statuses).toContain(`using existing layer ${sha256(weights)}`);
    expect(statuses.filter((status) => status.startsWith('creating new layer sha256:'))).toHaveLength(5);
    expect(statuses.slice(-2)).toEqual(['writing manifest', 'success']);
    const shown = await client.show({ model: 'brief' });
    expect(shown).toMatchObject({
      system: 'You are brief.',
      template: '{{ .Prompt }}',
      messages: [{ role: 'user', content: 'Hello' }, { content: 'Hi!' }],
    });
    const plain = await client.chat({ model: 'starter', messages: [question], options: { num_predict: 2, temperature: 0 } });
    const brief = await client.chat({ model: 'brief', messages: [question] });
    expect(brief.eval_count).toBe(2);
    expect(brief.prompt_eval_count).toBeGreaterThan(plain.prompt_eval_count + 10); // the system message and the conversation before it
  });

  test('what came with a model counts at the other doors too', async () => {
    const ask = async (model: string) => {
      const response = await fetch(`${cluster.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...cluster.ownerHeaders() },
        body: JSON.stringify({ model, messages: [question], temperature: 0, ...(model === 'starter' ? { max_tokens: 2 } : {}) }),
      });
      return ((await response.json()) as { usage: { prompt_tokens: number; completion_tokens: number } }).usage;
    };
    const [plain, brief] = [await ask('starter'), await ask('brief')];
    expect(brief.completion_tokens).toBe(2);
    expect(brief.prompt_tokens).toBeGreaterThan(plain.prompt_tokens + 10);
  });

  test('creates a model of a file that was sent', async () => {
    const bytes = Buffer.from(weights); // the same weights: what counts is the way
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    const send = (name: string, body: Buffer) =>
      fetch(`${cluster.ollamaUrl}/api/blobs/${name}`, { method: 'POST', headers: cluster.ownerHeaders(), body: new Uint8Array(body) });
    const look = (name: string) => fetch(`${cluster.ollamaUrl}/api/blobs/${name}`, { method: 'HEAD', headers: cluster.ownerHeaders() });
    const unknown = `sha256:${'0'.repeat(64)}`;
    expect((await look(unknown)).status).toBe(404);
    expect((await send(unknown, bytes)).status).toBe(422);
    expect((await send('sha256:..%2f..%2fx', bytes)).status).toBe(400);
    expect((await look(unknown)).status).toBe(404);
    expect((await send(digest, bytes)).status).toBe(201);
    expect((await look(digest)).status).toBe(200);
    expect((await client.create({ model: 'sent', files: { 'tiny.gguf': digest } } as Parameters<typeof client.create>[0])).status).toBe(
      'success',
    );
    expect(await names()).toContain('sent:latest');
  });

  test('what cannot be made is refused with a reason', async () => {
    await expect(client.create({ model: 'q', from: 'starter', quantize: 'q4_K_M' })).rejects.toMatchObject({
      status_code: 400,
      error: expect.stringContaining('llama-quantize'),
    });
    await expect(client.create({ model: 'q', from: 'starter', adapters: { a: `sha256:${'0'.repeat(64)}` } })).rejects.toMatchObject({
      status_code: 400,
    });
    await expect(client.create({ model: 'q' } as Parameters<typeof client.create>[0])).rejects.toMatchObject({
      error: expect.stringContaining('neither "from" or "files" was specified'),
    });
  });

  test('copies, pushes to another registry, pulls it back, and removes', async () => {
    await client.copy({ source: 'brief', destination: `${upstream.host}/lab/brief:v1` });
    const named = `${upstream.host}/lab/brief:v1`;
    const lines = await collect(await client.push({ model: named, insecure: true, stream: true }));
    expect(lines[0]?.status).toBe('retrieving manifest');
    expect(lines.slice(-2).map(({ status }) => status)).toEqual(['pushing manifest', 'success']);
    const manifest = JSON.parse(String(upstream.manifests.get('lab/brief:v1'))) as { layers: { mediaType: string; digest: string }[] };
    expect(manifest.layers.map(({ mediaType }) => mediaType.split('.').at(-1)).toSorted()).toEqual([
      'license',
      'messages',
      'model',
      'params',
      'system',
      'template',
    ]);
    for (const { digest } of manifest.layers) expect(upstream.blobs.has(digest)).toBe(true);
    await client.delete({ model: named });
    expect(await names()).not.toContain(named);
    expect((await client.pull({ model: named, insecure: true })).status).toBe('success');
    expect(await client.show({ model: named })).toMatchObject({ system: 'You are brief.' });
    await client.delete({ model: named });
    await client.delete({ model: 'brief' });
    await expect(client.show({ model: 'brief' })).rejects.toMatchObject({ status_code: 404 });
    await expect(client.delete({ model: 'brief' })).rejects.toMatchObject({ status_code: 404, error: "model 'brief' not found" });
    expect((await client.chat({ model: 'starter', messages: [question], options: { temperature: 0 } })).message.content).toContain(
      'Brasília',
    );
  });

  test('another tag of a model leaves latest where it was, and goes with what it named', async () => {
    await client.copy({ source: 'tiny', destination: 'tags' });
    await client.create({ model: 'tags:short', from: 'starter', system: 'Short.' });
    expect((await client.show({ model: 'tags' })).system).toBe('You are helpful.');
    expect((await client.show({ model: 'tags:short' })).system).toBe('Short.');
    await expect(client.delete({ model: 'tags' })).rejects.toMatchObject({ status_code: 409 });
    await client.delete({ model: 'tags:short' });
    await expect(client.show({ model: 'tags:short' })).rejects.toMatchObject({ status_code: 404 });
    await client.delete({ model: 'tags' });
    expect((await names()).filter((name) => name.startsWith('tags'))).toEqual([]);
  });

  test('a pull ends when the one who asked for it leaves', async () => {
    const left = Buffer.concat([weights, Buffer.alloc(1000)]);
    upstream.publish('lab/left:1', { model: left });
    upstream.intercept = (request) => request.url?.endsWith(sha256(left)) === true; // never answers
    const leaving = new Ollama({ host: cluster.ollamaUrl, headers: cluster.ownerHeaders() });
    const lines = await leaving.pull({ model: `${upstream.host}/lab/left:1`, stream: true });
    const read = async () => {
      for await (const { status } of lines) if (status.startsWith('pulling ') && status !== 'pulling manifest') leaving.abort();
    };
    await expect(read()).rejects.toThrow(/abort/i);
    upstream.intercept = undefined;
    const stateOf = async () => {
      const response = await fetch(`${cluster.url}/api/v1/operations`, { headers: cluster.ownerHeaders() });
      const { operations } = (await response.json()) as { operations: { reference: string; state: string }[] };
      return operations.find(({ reference }) => reference.endsWith('/lab/left:1'))?.state;
    };
    await eventually('it was cancelled', async () => (await stateOf()) === 'cancelled');
  });

  test('without the right to change models nothing is pulled, made or removed', async () => {
    const bare = new Ollama({ host: cluster.ollamaUrl });
    await expect(bare.pull({ model: 'tiny' })).rejects.toMatchObject({ status_code: 403 });
    await expect(bare.create({ model: 'x', from: 'starter' })).rejects.toMatchObject({ status_code: 403 });
    await expect(bare.delete({ model: 'starter' })).rejects.toMatchObject({ status_code: 403 });
  });
});

test.skipIf(noPython !== undefined)('the official Ollama client for Python pulls, creates, copies, pushes and removes', async () => {
  upstream.publish('lab/python:1', { model: weights, system: 'You are helpful.' });
  const seen = await runPython('ollama_models.py', cluster.ollamaUrl, upstream.host, cluster.ownerHeaders().authorization);
  expect(seen).toEqual({
    shown_before: 404,
    pulled: { first: 'pulling manifest', last: 'success', total: weights.length, completed: weights.length },
    chat: expect.stringContaining('Brasília'),
    created: { status: 'success', tokens: 2 },
    pushed: 'success',
    removed: 404,
  });
});

describe('the command line', () => {
  test('pulls, lists operations, pushes, and imports a file in place', async () => {
    const pulled = await cluster.cli('models', 'pull', `${upstream.host}/lab/other:v2`, '--name', 'mine', '--json');
    expect(JSON.parse(pulled.stdout)).toMatchObject({ state: 'done', progress: 1, result: { name: 'mine', version: 1 } });
    const shown = await cluster.cli('models', 'push', 'mine', `${upstream.host}/lab/mine:1`);
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining('lab/mine:1') });
    expect(upstream.manifests.has('lab/mine:1')).toBe(true);
    const folder = await mkdtemp(join(tmpdir(), 'in-place-'));
    await writeFile(join(folder, 'here.gguf'), weights);
    const placed = await cluster.cli('models', 'pull', join(folder, 'here.gguf'), '--name', 'placed', '--in-place', '--json');
    expect(JSON.parse(placed.stdout)).toMatchObject({ state: 'done', result: { name: 'placed' } });
    await rm(folder, { recursive: true });
    const failed = await cluster.cli('models', 'pull', `${upstream.host}/lab/nobody`);
    expect(failed).toMatchObject({ code: expect.any(Number), stderr: expect.stringContaining('lab/nobody') });
    expect(failed.code).not.toBe(0);
    const { operations } = JSON.parse((await cluster.cli('operations', 'ls', '--json')).stdout) as {
      operations: { reference: string; state: string }[];
    };
    expect(operations[0]).toMatchObject({ reference: `${upstream.host}/lab/nobody`, state: 'failed' });
    const { entries } = JSON.parse((await cluster.cli('audit', 'ls', '--json')).stdout) as {
      entries: { action: string; target: string }[];
    };
    expect(entries.map(({ action }) => action)).toEqual(expect.arrayContaining(['models.import', 'POST /api/v1/registry/imports']));
  });

  test('attack 13: an import goes on after kill -9, with the parts that it had', async () => {
    const large = Buffer.concat([weights, Buffer.alloc(40 * 1024 * 1024, 7)]);
    const digest = upstream.publish('lab/large:1', { model: large }) && sha256(large);
    const isPart = ({ path, range }: { readonly path: string; readonly range: string }) => path.endsWith(digest) && range !== 'bytes=0-0';
    let served = 0;
    upstream.intercept = (request) => isPart({ path: request.url ?? '', range: request.headers.range ?? '' }) && ++served > 3; // never answers
    const { stdout } = await cluster.cli('models', 'pull', `${upstream.host}/lab/large:1`, '--name', 'large', '--detach', '--json');
    const { id } = JSON.parse(stdout) as { id: string };
    const parts = join(cluster.dataFolder, 'blobs/imports', `${digest.slice('sha256:'.length)}.parts`);
    await eventually('three parts are here', async () => served > 3 && (await readFile(parts, 'utf8')).trim().split('\n').length === 4);
    const before = upstream.requests.length;
    upstream.intercept = undefined;
    process.kill((await cluster.pids()).controlPlane, 'SIGKILL');
    const state = async () =>
      JSON.parse((await cluster.cli('operations', 'ls', '--json')).stdout).operations.find((one: { id: string }) => one.id === id);
    await eventually('it is done', async () => (await state())?.state === 'done', 60_000);
    expect(upstream.requests.slice(before).filter(isPart)).toHaveLength(3); // of six
    expect((await cluster.cli('models', 'show', 'large')).code).toBe(0);
  });
});
