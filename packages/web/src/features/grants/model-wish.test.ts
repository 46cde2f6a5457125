import { expect, test } from 'vitest';
import { everyModel, listOffers, toModelWish, toPatterns } from './model-wish.ts';

test('what is ticked and what is written is granted together, once each; nothing at all is no model, not every one', () => {
  expect(toPatterns({ reach: 'some', chosen: ['team/*', 'starter'], more: 'starter, qwen3\nlab/*' })).toEqual([
    'team/*',
    'starter',
    'qwen3',
    'lab/*',
  ]);
  expect(toPatterns({ reach: 'some', chosen: [], more: ' ' })).toEqual([]);
  expect(toPatterns({ reach: 'all', chosen: ['starter'], more: 'x' })).toBeNull();
});

test('what was granted comes back as it was', () => {
  expect(toModelWish(null)).toBe(everyModel);
  for (const models of [null, [], ['team/*']]) expect(toPatterns(toModelWish(models))).toEqual(models);
});

test('namespaces are offered before models, and what was granted though no model has that name stays to be unticked', () => {
  expect(listOffers(['starter', 'team/b', 'team/a'], ['gone', 'starter'])).toEqual(['team/*', 'starter', 'team/a', 'team/b', 'gone']);
});
