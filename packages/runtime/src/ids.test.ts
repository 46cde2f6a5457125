import { expect, test } from 'vitest';
import { newId } from './ids.ts';

test('an id has its prefix, ten characters of time and sixteen of chance', () => {
  expect(newId('node', 0)).toMatch(/^node_0{10}[0-9a-hjkmnp-tv-z]{16}$/);
  expect(newId('node', 2 ** 48 - 1)).toMatch(/^node_7z{9}[0-9a-hjkmnp-tv-z]{16}$/);
});

test('ids sort by their time of making', () => {
  const times = [1_700_000_000_000, 1_700_000_000_001, 1_800_000_000_000];
  const ids = times.map((time) => newId('x', time));
  expect(ids.toSorted()).toEqual(ids);
});

test('no two are the same, however fast they are made', () => {
  expect(new Set(Array.from({ length: 10_000 }, () => newId('x', 1))).size).toBe(10_000);
});
