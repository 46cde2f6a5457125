import { expect, test } from 'vitest';
import { chooseThreads, toContextCandidates } from './choose-size.ts';

test.each([
  [1, undefined, 1],
  [2, undefined, 1],
  [4, undefined, 3],
  [16, undefined, 15],
  [2, 2, 2],
])('%i cores with the wish %s run %i threads', (cores, wish, threads) => {
  expect(chooseThreads(cores, wish)).toBe(threads);
});

test('the first choice is a long context for eight, the last the smallest that is of use', () => {
  const candidates = toContextCandidates(131_072, {});
  expect(candidates[0]).toEqual({ contextSize: 8192, parallel: 8 });
  expect(candidates.at(-1)).toEqual({ contextSize: 512, parallel: 1 });
});

test('between the extremes neither the context nor the number of sequences is starved', () => {
  const ranks = toContextCandidates(8192, {});
  const rankOf = (contextSize: number, parallel: number) =>
    ranks.findIndex((size) => size.contextSize === contextSize && size.parallel === parallel);
  expect(rankOf(4096, 4)).toBeLessThan(rankOf(8192, 1));
  expect(rankOf(4096, 2)).toBeLessThan(rankOf(1024, 8));
});

test('a small model keeps its trained context, and wishes are kept but for a longer one', () => {
  expect(toContextCandidates(256, {}).every(({ contextSize }) => contextSize === 256)).toBe(true);
  expect(toContextCandidates(1024, { contextSize: 512, parallel: 3 })).toEqual([{ contextSize: 512, parallel: 3 }]);
  expect(toContextCandidates(1024, { contextSize: 9999, parallel: 1 })).toEqual([{ contextSize: 1024, parallel: 1 }]);
});
