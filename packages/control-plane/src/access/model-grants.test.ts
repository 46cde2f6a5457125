import { expect, test } from 'vitest';
import { checkModelGrant, mayUseModel } from './model-grants.ts';

test.each([
  [undefined, 'anything', true],
  [['starter'], 'starter', true],
  [['starter'], 'Starter', true],
  [['Starter'], 'starter', true],
  [['starter'], 'starter2', false],
  [['starter'], '', false],
  [['team/*'], 'team/qwen', true],
  [['team/*'], 'team/a/b', true],
  [['team/*'], 'teams/qwen', false],
  [['team/*'], 'my/team/qwen', false],
  [['*'], 'x', true],
  [['*-instruct'], 'qwen-instruct', true],
  [['*-instruct'], 'qwen-instruct-2', false],
  [['q*n*t'], 'qwen-instruct', true],
  [['a**b'], 'ab', true],
  [['a*a'], 'a', false],
  [['a.c'], 'abc', false],
  [['x', 'y'], 'y', true],
  [[], 'x', false],
])('%j and %s: %s', (models, name, expected) => {
  expect(mayUseModel({ models }, name)).toBe(expected);
});

test('of a key both lists must allow it: its own and its owner’s', () => {
  const key = { models: ['team/*', 'starter'], ownerModels: ['team/qwen', 'other'] };
  expect(['team/qwen', 'team/llama', 'starter', 'other'].map((name) => mayUseModel(key, name))).toEqual([true, false, false, false]);
  expect(mayUseModel({ models: undefined, ownerModels: [] }, 'x')).toBe(false);
});

test('attack 39: no pattern takes long, whatever it looks like', () => {
  const pattern = `${'*a'.repeat(120)}b`;
  const before = process.cpuUsage(); // not the wall clock: the machine may be busy with others
  for (let i = 0; i < 100; i++) expect(mayUseModel({ models: [pattern] }, 'a'.repeat(255))).toBe(false);
  expect(process.cpuUsage(before).user).toBeLessThan(1e6);
});

test('a model that may not be used is as one that is not there', () => {
  expect(() => checkModelGrant({ models: ['a'] }, 'b')).toThrow(expect.objectContaining({ code: 'model_not_found' }));
});
