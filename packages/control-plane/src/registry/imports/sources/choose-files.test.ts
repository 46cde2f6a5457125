import { describe, expect, test } from 'vitest';
import { readSource } from '../read-reference.ts';
import { toSafePath } from '../safe-path.ts';
import { chooseFiles } from './choose-files.ts';
import { parseOllamaName, toLocalName, toOllamaName } from './ollama-name.ts';

const GIB = 1024 ** 3;
const repository = [
  { path: 'm-Q8_0.gguf', sizeBytes: 8 * GIB },
  { path: 'm-Q4_K_M.gguf', sizeBytes: 5 * GIB },
  { path: 'm-Q2_K.gguf', sizeBytes: 3 * GIB },
];
const choose = (memory: readonly number[], files = repository, wanted?: string) =>
  chooseFiles(files, { wanted, place: 'here', nodes: memory.map((gib, at) => ({ node: `n${at}`, memoryBytes: gib * GIB })) }).files.map(
    ({ path }) => path,
  );

test('the usual quantization where some node holds it, else the largest that one holds, else the smallest', () => {
  expect(choose([4, 16])).toEqual(['m-Q4_K_M.gguf']);
  expect(choose([])).toEqual(['m-Q4_K_M.gguf']);
  expect(choose([4, 4])).toEqual(['m-Q2_K.gguf']);
  expect(choose([1])).toEqual(['m-Q2_K.gguf']);
  expect(
    choose(
      [16],
      [repository[0], repository[2]].filter((file) => file !== undefined),
    ),
  ).toEqual(['m-Q8_0.gguf']);
  expect(choose([1], repository, 'q8_0')).toEqual(['m-Q8_0.gguf']);
});

test.each([
  [[{ path: 'm-00001-of-00002.gguf', sizeBytes: 1 }], 'unsupported_feature'],
  [[{ path: 'model.bin', sizeBytes: 1 }], 'source_refused'],
  [[{ path: 'README.md', sizeBytes: 1 }], 'source_not_found'],
  [[{ path: 'mmproj.gguf', sizeBytes: 1 }], 'source_not_found'],
])('%j is no model: %s', (files, code) => {
  expect(() => choose([1], files)).toThrow(expect.objectContaining({ code }));
});

describe('attack 6: paths', () => {
  test.each([
    '',
    '/',
    '..',
    'a/../b',
    '/a',
    'a//b',
    './a',
    '.hidden',
    'a\\b',
    'C:/a',
    '\\\\host\\a',
    'a\0',
    'a\nb',
    '%2e%2e/a',
    'ａ',
    'a/',
    'a.',
    'a ',
    'nul',
    'COM1.txt',
    'x'.repeat(300),
    `${'a/'.repeat(20)}a`,
  ])('%j is no path', (path) => {
    expect(() => toSafePath(path)).toThrow(expect.objectContaining({ code: 'source_refused' }));
  });
  test.each(['config.json', 'unet/model-00001-of-00002.safetensors', '1_Pooling/config.json', 'a b+c=d@e.txt'])('%j is one', (path) => {
    expect(toSafePath(path)).toBe(path);
  });
});

test.each([
  ['llama3.2', 'llama3.2', 'latest'],
  ['llama3.2:1b', 'llama3.2', '1b'],
  ['library/llama3.2', 'llama3.2', 'latest'],
  ['registry.ollama.ai/library/llama3.2:1b', 'llama3.2', '1b'],
  ['ana/tiny', 'ana/tiny', 'latest'],
  ['hf.co/ana/tiny:Q4_K_M', 'hf.co/ana/tiny', 'Q4_K_M'],
  ['http://registry.lan:5000/lab/tiny:1', 'registry.lan_5000/lab/tiny', '1'],
])('%s is %s:%s here', (text, name, tag) => {
  const parsed = parseOllamaName(text);
  expect([toLocalName(parsed), parsed.tag]).toEqual([name, tag]);
});

test('a host with its port comes back as it was', () => {
  expect(toOllamaName('registry.lan_5000/lab/tiny')).toBe('registry.lan:5000/lab/tiny');
  expect(toOllamaName('my_5000')).toBe('my_5000');
});

test.each(['', 'a/b/c/d', '../x', 'a b', 'x:y:z', 'x@sha256:00', 'ftp://x/y/z', `${'x'.repeat(90)}`, 'x/../y'])('%j is no name', (text) => {
  expect(() => parseOllamaName(text)).toThrow(expect.objectContaining({ code: 'invalid_model_reference' }));
});

test.each([
  ['llama3.2', 'ollama'],
  ['registry.lan:5000/lab/tiny', 'ollama'],
  ['hf.co/a/b', 'huggingface'],
  ['https://huggingface.co/a/b', 'huggingface'],
  ['oci://ghcr.io/a/b:c', 'oci'],
  ['https://example.org/a.gguf?x=1', 'url'],
  ['/models/a', 'folder'],
])('%s comes from %s', (reference, source) => {
  expect(readSource({ reference })).toBe(source);
});

test.each(['file:///etc/passwd', 'ftp://x/y.gguf', 's3://bucket/x'])('%s comes from nowhere', (reference) => {
  expect(() => readSource({ reference })).toThrow(expect.objectContaining({ code: 'invalid_request' }));
});
