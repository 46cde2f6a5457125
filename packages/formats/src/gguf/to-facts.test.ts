import { describe, expect, test } from 'vitest';
import type { GgufValue } from './read-header.ts';
import { toFacts, toParameterSize } from './to-facts.ts';

const f16 = { name: 'F16', blockElements: 1, blockBytes: 2 };
const q4 = { name: 'Q4_K', blockElements: 256, blockBytes: 144 };

const factsOf = (values: Record<string, GgufValue>, architecture = 'llama') =>
  toFacts(
    {
      version: 3,
      values: new Map(Object.entries(values)),
      tensors: [
        { name: 'a', type: f16, elements: 1000 },
        { name: 'b', type: q4, elements: 5_000_000 },
      ],
    },
    architecture,
  );

test.each([
  [999, '999'],
  [22_000, '22K'],
  [137_000_000, '137M'],
  [22_565_000, '22.57M'],
  [7_000_000_000, '7B'],
  [3_212_749_888, '3.2B'],
])('%i parameters are written as Ollama writes them: %s', (count, text) => {
  expect(toParameterSize(count)).toBe(text);
});

describe('what a model can do', () => {
  const template = { 'tokenizer.chat_template': '{% for m in messages %}{% endfor %}' };
  test.each([
    ['without a template it completes', {}, 'llama', ['completion', 'embedding']],
    ['with one it chats', template, 'llama', ['completion', 'chat', 'embedding']],
    [
      'a template that speaks of tools calls them',
      { 'tokenizer.chat_template': '{% if tools %}{{ tools | tojson }}{% endif %}' },
      'qwen3',
      ['completion', 'chat', 'tools', 'embedding'],
    ],
    ['an encoder only embeds', template, 'bert', ['embedding']],
    ['so does a decoder that was made for embedding', { ...template, 'qwen3.pooling_type': 3 }, 'qwen3', ['embedding']],
  ])('%s', (_, values, architecture, expected) => {
    expect(factsOf(values, architecture).capabilities).toEqual(expected);
  });
});

test('the quantization is the one that the file names, else the one of most weights', () => {
  expect(factsOf({ 'general.file_type': 15 }).quantization).toBe('Q4_K_M');
  expect(factsOf({}).quantization).toBe('Q4_K');
});

test('where each block has its own number of heads, the largest is told', () => {
  expect(factsOf({ 'llama.attention.head_count_kv': { length: 3, numbers: [2, 8, 4] } }).headCountKv).toBe(8);
});

test('what a file does not say is null', () => {
  expect(factsOf({})).toMatchObject({ contextLength: null, headCount: null, vocabularySize: null, licence: null, description: null });
});
