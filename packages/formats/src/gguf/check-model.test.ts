import { describe, expect, test } from 'vitest';
import { checkModel } from './check-model.ts';
import type { GgufHeader, GgufValue } from './read-header.ts';

const type = { name: 'F16', blockElements: 1, blockBytes: 2 };
const tensor = (name: string) => ({ name, type, elements: 4 });

function header(values: Record<string, GgufValue>, tensors: readonly string[] = ['blk.0.attn_q.weight']): GgufHeader {
  const usual = {
    'general.architecture': 'llama',
    'llama.context_length': 512,
    'llama.embedding_length': 64,
    'llama.block_count': 1,
    'llama.attention.head_count': 4,
  };
  return { version: 3, values: new Map(Object.entries({ ...usual, ...values })), tensors: tensors.map(tensor) };
}

test('a model that hangs together gives its architecture', () => {
  expect(checkModel(header({}))).toBe('llama');
});

describe('what is no model by itself is told apart', () => {
  test.each([
    ['an adapter', header({ 'general.type': 'adapter' }), "'general.type' is 'adapter'"],
    ['the image part', header({ 'general.architecture': 'clip' }), 'image part'],
    ['one of several parts', header({ 'split.count': 3 }), 'one of 3 parts'],
    ['a vocabulary', header({}, []), 'holds no weights'],
    ['a file without a name for its kind', header({ 'general.architecture': '../x' }), 'general.architecture'],
  ])('%s', (_, given, sentence) => {
    expect(() => checkModel(given)).toThrow(sentence);
  });
});

test('a model without attention may have no heads', () => {
  const values = { 'general.architecture': 'mamba', 'mamba.context_length': 1, 'mamba.embedding_length': 1, 'mamba.block_count': 1 };
  expect(checkModel(header({ ...values, 'mamba.attention.head_count': 0 }, ['blk.0.ssm_in.weight']))).toBe('mamba');
});

test('a model may have no first token, and heads that differ from block to block', () => {
  const values = { 'tokenizer.ggml.tokens': { length: 4, numbers: undefined }, 'tokenizer.ggml.bos_token_id': 0xffffffff };
  const heads = { 'llama.attention.head_count': { length: 1, numbers: [4] } };
  expect(checkModel(header({ ...values, ...heads }))).toBe('llama');
});

test('weights of a block that should not be there are noticed', () => {
  expect(() => checkModel(header({}, ['blk.0.attn_q.weight', 'blk.1.attn_q.weight']))).toThrow('weights of block 1');
});
