import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { makeTinyGguf } from '@cluster-ai/formats/testing';
import { createManualClock, silentLogger } from '@cluster-ai/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { toModelName } from './candidate.ts';
import { findWeights } from './find-weights.ts';
import { locateKnownFolders } from './known-folders.ts';
import { toOllamaName } from './ollama-candidates.ts';

const digest = `sha256:${'ab'.repeat(32)}`;
const tiny = { layers: 1, embd: 64, ff: 64, heads: 2, kvheads: 1, vocab: 512 };

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'found-'));
});
afterEach(() => rm(root, { recursive: true }));

const find = (ollama: string[], huggingFace: string[]) =>
  findWeights({ folders: { ollama, huggingFace }, clock: createManualClock(), log: silentLogger }, new AbortController().signal);

async function writeManifest(name: string, layers: object | string) {
  const path = join(root, 'manifests', name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, typeof layers === 'string' ? layers : JSON.stringify({ schemaVersion: 2, layers }));
}

test("Ollama's models are found by their manifests, each file once", async () => {
  await mkdir(join(root, 'blobs'));
  const { path, sizeBytes } = makeTinyGguf({ ...tiny, path: join(root, 'blobs', digest.replace(':', '-')) });
  const layers = [
    { mediaType: 'application/vnd.ollama.image.license', digest: `sha256:${'00'.repeat(32)}` },
    { mediaType: 'application/vnd.ollama.image.model', digest },
  ];
  await writeManifest('registry.ollama.ai/library/llama3.2/1b', layers);
  await writeManifest('registry.ollama.ai/library/llama3.2/latest', layers);
  const found = await find([root], []);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatchObject({ path, sizeBytes, source: 'ollama', suggestedName: 'llama3.2-1b', problem: null });
  expect(found[0]?.facts).toMatchObject({ architecture: 'llama', quantization: 'F16' });
});

test('manifests that are broken, foreign, or name a path instead of a digest are passed over', async () => {
  await writeManifest('host/library/broken/latest', '{');
  await writeManifest('host/library/list/latest', '[1]');
  await writeManifest('host/library/nothing/latest', [null, { mediaType: 7 }]);
  makeTinyGguf({ ...tiny, path: join(root, 'secret.gguf') });
  await mkdir(join(root, 'blobs'));
  await writeManifest('host/library/evil/latest', [{ mediaType: 'application/vnd.ollama.image.model', digest: '../secret.gguf' }]);
  await writeManifest('host/library/gone/latest', [{ mediaType: 'application/vnd.ollama.image.model', digest }]);
  expect(await find([root], [])).toEqual([]);
});

test('files of a Hugging Face cache are found through its own links, with their facts or their problem', async () => {
  const repository = join(root, 'models--lab--Tiny-GGUF');
  const snapshot = join(repository, 'snapshots', 'abc123', 'deep');
  await mkdir(snapshot, { recursive: true });
  await mkdir(join(repository, 'blobs'));
  makeTinyGguf({ ...tiny, path: join(repository, 'blobs', 'good') });
  await writeFile(join(repository, 'blobs', 'bad'), 'not a model');
  await symlink('../../../blobs/good', join(snapshot, 'Tiny Q8.gguf'));
  await symlink('../../../blobs/bad', join(snapshot, 'broken.gguf'));
  await symlink('../../../blobs/good', join(snapshot, 'config.json'));
  const found = await find([], [root]);
  expect(found.map(({ suggestedName, facts }) => [suggestedName, facts?.architecture])).toEqual([
    ['broken', undefined],
    ['tiny-q8', 'llama'],
  ]);
  expect(found[0]?.problem).toContain("does not begin with 'GGUF'");
});

test('a link that leads out of the cache is not followed', async () => {
  const cache = join(root, 'cache');
  const snapshot = join(cache, 'models--lab--x', 'snapshots', 'abc');
  await mkdir(snapshot, { recursive: true });
  const { path } = makeTinyGguf({ ...tiny, path: join(root, 'secret.gguf') });
  await symlink(path, join(snapshot, 'x.gguf'));
  expect(await find([], [cache])).toEqual([]);
});

test('folders that are not there are nothing', async () => {
  expect(await find([join(root, 'no')], [join(root, 'neither')])).toEqual([]);
});

test.each([
  [['registry.ollama.ai', 'library', 'llama3.2', '1b'], 'llama3.2-1b'],
  [['registry.ollama.ai', 'library', 'Mistral', 'latest'], 'mistral'],
  [['registry.ollama.ai', 'ann', 'mix', 'q4_K_M'], 'ann-mix-q4_k_m'],
])('%o becomes the name %s', (parts, name) => {
  expect(toOllamaName(parts)).toBe(name);
});

test('a suggested name can always be a name', () => {
  expect(['../..', '  ', 'Ünï—code', 'a..b'].map(toModelName)).toEqual(['model', 'model', 'n-code', 'a.b']);
});

test('the usual folders, and those that variables name', () => {
  const folders = locateKnownFolders('/home/ann', { OLLAMA_MODELS: '/big/ollama', HF_HOME: '/big/hf' });
  expect(folders.ollama).toEqual(expect.arrayContaining(['/big/ollama', '/home/ann/.ollama/models', '/usr/share/ollama/.ollama/models']));
  expect(folders.huggingFace).toEqual(['/big/hf/hub']);
  expect(locateKnownFolders('/home/ann', {}).huggingFace).toEqual(['/home/ann/.cache/huggingface/hub']);
});
