import { expect, test } from 'vitest';
import { checkModelGrant, mayUseModel } from './model-grants.ts';

test.each([
  [undefined, 'anything', true],
  [['starter'], 'starter', true],
  [['starter'], 'Starter', true],
  [['starter'], 'starter2', false],
  [['team/*'], 'team/qwen', true],
  [['team/*'], 'teams/qwen', false],
  [['*'], 'x', true],
  [['a.c'], 'abc', false],
  [[], 'x', false],
])('%j and %s: %s', (models, name, expected) => {
  expect(mayUseModel({ models }, name)).toBe(expected);
});

test('a model that may not be used is as one that is not there', () => {
  expect(() => checkModelGrant({ models: ['a'] }, 'b')).toThrow(expect.objectContaining({ code: 'model_not_found' }));
});
