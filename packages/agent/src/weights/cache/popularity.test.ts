import { expect, test } from 'vitest';
import { createPopularity, HALF_LIFE_PER_DIGEST } from './popularity.ts';

const useOften = (popularity: ReturnType<typeof createPopularity>, digest: string, times: number) => {
  for (let i = 0; i < times; i++) popularity.use(digest);
};

test('what is used more often is more popular, and a stranger is not popular at all', () => {
  const popularity = createPopularity();
  useOften(popularity, 'a', 3);
  popularity.use('b');
  expect(popularity.of('a')).toBeGreaterThan(popularity.of('b'));
  expect(popularity.of('c')).toBe(0);
});

test('a use counts half after a number of other uses that grows with what is known', () => {
  const popularity = createPopularity();
  popularity.use('old');
  useOften(popularity, 'new', 2 * HALF_LIFE_PER_DIGEST);
  expect(popularity.of('old')).toBeCloseTo(0.5);
});

test('it outlives a restart', () => {
  const before = createPopularity();
  useOften(before, 'a', 5);
  before.use('b');
  const after = createPopularity(JSON.parse(JSON.stringify(before.toRecord())));
  for (const digest of ['a', 'b', 'c']) expect(after.of(digest)).toBe(before.of(digest));
});

test('a scan of three thousand strangers takes no more memory than two thousand, and what is popular stays known', () => {
  const popularity = createPopularity();
  useOften(popularity, 'loved', 100);
  for (let i = 0; i < 3000; i++) popularity.use(`stranger ${i}`);
  expect(Object.keys(popularity.toRecord().known).length).toBeLessThanOrEqual(2048);
  expect(popularity.of('loved')).toBeGreaterThan(popularity.of('stranger 2999'));
});
