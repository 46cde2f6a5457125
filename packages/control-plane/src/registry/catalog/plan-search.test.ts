import { expect, test } from 'vitest';
import { planSearch, type SearchTerm } from './plan-search.ts';

const word = (models: number): SearchTerm => ({ word: 'w', isPrefix: false, models });
const facet = (models: number): SearchTerm => ({ word: 'task:x', isPrefix: false, column: 'task', models });

test('a term that no model has ends the search before it begins', () => {
  expect(planSearch([word(5), facet(0)], 100, 50)).toEqual({ by: 'nothing' });
});

test('without terms the order is walked along', () => {
  expect(planSearch([], 100_000, 50)).toEqual({ by: 'order' });
});

test('a rare term is begun with, a common one is met soon enough along the order', () => {
  expect(planSearch([word(100)], 100_000, 50)).toMatchObject({ by: 'term', term: { models: 100 } });
  expect(planSearch([word(60_000)], 100_000, 50)).toEqual({ by: 'order' });
  expect(planSearch([facet(50_000), word(20)], 100_000, 50)).toMatchObject({ by: 'term', term: { models: 20 } });
});

test('of several words the rarest is begun with, as long as it is not very common: together they may have next to no models', () => {
  expect(planSearch([word(9000), word(50_000)], 100_000, 50)).toMatchObject({ by: 'term', term: { models: 9000 } });
});
