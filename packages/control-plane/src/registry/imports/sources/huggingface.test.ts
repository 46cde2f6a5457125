import { readFile } from 'node:fs/promises';
import { importRequestShape } from '@cluster-ai/contracts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { COMMIT, type StandInHub, startHuggingFace } from '../testing/hugging-face.ts';
import { makeWeights } from '../testing/make-weights.ts';
import { sha256 } from '../testing/ollama-registry.ts';
import { type ImportsPlace, openImportsPlace } from '../testing/open-imports-place.ts';

const small = makeWeights(1);
const large = Buffer.concat([makeWeights(2), Buffer.alloc(1_000_000)]);
const nodes = [{ node: 'a', memoryBytes: 1e12 }];
let hub: StandInHub;
let place: ImportsPlace;

beforeEach(async () => {
  hub = await startHuggingFace();
  hub.repositories.set(
    'lab/tiny-GGUF',
    new Map([
      ['README.md', Buffer.from('# tiny')],
      ['tiny-Q4_K_M.gguf', small],
      ['tiny-Q8_0.gguf', large],
      ['mmproj-F16.gguf', small],
      ['tiny-F16-00001-of-00002.gguf', small],
    ]),
  );
  hub.repositories.set(
    'lab/tensors',
    new Map([
      ['config.json', Buffer.from('{"model_type":"llama"}')],
      ['model.safetensors', Buffer.from('tensors')],
      ['tokenizer.json', Buffer.from('{}')],
      ['pytorch_model.bin', Buffer.from('pickle')],
      ['README.md', Buffer.from('# tensors')],
    ]),
  );
  hub.repositories.set('lab/pickles', new Map([['pytorch_model.bin', Buffer.from('pickle')]]));
  place = await openImportsPlace({
    hosts: [hub.host],
    nodes,
    imports: { huggingFace: hub.url, secrets: { [hub.host]: 'hub' } },
    secrets: { hub: 'hf_token' },
  });
});
afterEach(async () => {
  await place[Symbol.asyncDispose]();
  await hub[Symbol.asyncDispose]();
});

test('the usual quantization of a repository comes, with its SHA-256 checked', async () => {
  const ended = await place.bring({ reference: 'hf.co/lab/tiny-GGUF' });
  expect(ended).toMatchObject({ state: 'done', model: 'hf.co/lab/tiny-GGUF:Q4_K_M' });
  const { file, path, version } = await place.registry.resolve('hf.co/lab/tiny-GGUF');
  expect(file).toMatchObject({ path: 'model.gguf', digest: sha256(small) });
  expect(await readFile(path)).toEqual(small);
  expect(version.source).toBe(`${hub.host}/lab/tiny-GGUF@${COMMIT.slice(0, 12)}`);
});

test.each(['hf.co/lab/tiny-GGUF:q8_0', 'hf:lab/tiny-GGUF:tiny-Q8_0.gguf', 'https://huggingface.co/lab/tiny-GGUF:Q8_0'])(
  '%s is another one',
  async (reference) => {
    expect(await place.bring({ reference, name: 'chosen' })).toMatchObject({ state: 'done' });
    expect((await place.registry.resolve('chosen')).file.digest).toBe(sha256(large));
  },
);

test('tensors come with what describes them, and without pickles', async () => {
  expect(await place.bring({ reference: 'hf.co/lab/tensors', name: 'tensors' })).toMatchObject({ state: 'done' });
  const { version } = await place.registry.resolve('tensors');
  expect(version.files.map(({ path }) => path).toSorted()).toEqual(['config.json', 'model.safetensors', 'tokenizer.json']);
  expect(version.facts.format).toBe('safetensors');
});

test('a preview says what would come, and what fits where, and takes nothing', async () => {
  const request = importRequestShape.parse({ reference: 'hf.co/lab/tiny-GGUF' });
  const preview = await place.imports.preview(request, new AbortController().signal);
  expect(preview).toMatchObject({
    model: 'hf.co/lab/tiny-GGUF:Q4_K_M',
    sizeBytes: small.length,
    files: [{ path: 'model.gguf', isHere: false }],
  });
  expect(preview.choices.map(({ file, isChosen, fits }) => [file, isChosen, fits.map((fit) => fit.fits)])).toEqual([
    ['Q4_K_M', true, [true]],
    ['Q8_0', false, [true]],
  ]);
  expect(preview.freeBytes).toBeGreaterThan(0);
  expect(hub.requests.every(({ path }) => path.startsWith('/api/'))).toBe(true);
});

test('a token goes to a repository that wants one', async () => {
  hub.token = 'hf_token';
  expect(await place.bring({ reference: 'hf.co/lab/tiny-GGUF' })).toMatchObject({ state: 'done' });
  hub.token = 'another';
  expect(await place.bring({ reference: 'hf.co/lab/tensors' })).toMatchObject({ state: 'failed', reason: { code: 'source_refused' } });
});

test.each([
  ['hf.co/lab/nobody', 'source_not_found'],
  ['hf.co/lab/tiny-GGUF:Q2_K', 'source_not_found'],
  ['hf.co/lab/pickles', 'source_refused'],
])('%s fails with %s', async (reference, code) => {
  expect(await place.bring({ reference })).toMatchObject({ state: 'failed', reason: { code } });
});

describe('attack 6: a list of files that lies', () => {
  const entry = { type: 'file', oid: 'b'.repeat(40), size: 3, path: 'config.json' };
  const weights = { type: 'file', size: 7, path: 'model.safetensors', lfs: { oid: 'c'.repeat(64), size: 7 } };
  test.each<[string, unknown]>([
    ['a path upwards', [weights, { ...entry, path: '../../config.json' }]],
    ['an absolute path', [weights, { ...entry, path: '/etc/config.json' }]],
    ['a path with a drive', [weights, { ...entry, path: 'C:\\config.json' }]],
    ['an encoded path', [weights, { ...entry, path: '%2e%2e/config.json' }]],
    ['a path with a NUL', [weights, { ...entry, path: 'a\0/config.json' }]],
    ['two paths that differ by case', [weights, entry, { ...entry, path: 'CONFIG.json' }]],
    ['a device', [weights, { ...entry, path: 'con/config.json' }]],
    ['a digest that is none', [{ ...weights, lfs: { oid: '../../x', size: 7 } }]],
    ['a negative size', [{ ...weights, lfs: { oid: 'c'.repeat(64), size: -7 } }]],
    ['a large file without a digest', [weights, { ...entry, size: 1e9 }]],
    ['petabytes', [{ ...weights, lfs: { oid: 'c'.repeat(64), size: 1e15 } }]],
  ])('%s is refused', async (_what, tree) => {
    hub.tree = tree;
    expect(await place.bring({ reference: 'hf.co/lab/tensors' })).toMatchObject({ state: 'failed', reason: { code: 'source_refused' } });
    expect(hub.requests.filter(({ path }) => path.includes('/resolve/'))).toEqual([]);
  });

  test('small files are held to the name that Git gives them', async () => {
    hub.tree = [
      { ...weights, lfs: { oid: sha256(Buffer.from('tensors')).slice(7), size: 7 } },
      { ...entry, size: 22 },
    ];
    expect(await place.bring({ reference: 'hf.co/lab/tensors' })).toMatchObject({ state: 'failed', reason: { code: 'digest_mismatch' } });
  });
});
