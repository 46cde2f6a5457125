import { expect, test } from 'vitest';
import { chooseChunk } from './choose-chunk.ts';

test('the first chunk is one item', () => {
  expect(chooseChunk([], 100)).toBe(1);
});

test('slow items go one by one', () => {
  expect(chooseChunk([{ items: 1, busyMs: 900 }], 100)).toBe(1);
});

test('quick items go in chunks that keep a worker busy for the time wished', () => {
  expect(chooseChunk([{ items: 10, busyMs: 40 }], 100)).toBe(25);
});

test('chunks grow step by step, whatever one measurement says', () => {
  expect(chooseChunk([{ items: 1, busyMs: 0 }], 100)).toBe(10);
  let measured = [{ items: 1, busyMs: 12 }];
  for (let round = 0; round < 6; round += 1) {
    const items = chooseChunk(measured, 100);
    measured = [...measured, { items, busyMs: 10 + items * 0.01 }]; // handing out costs 10 ms, an item nearly nothing
  }
  expect(chooseChunk(measured, 100)).toBeGreaterThan(2000);
});
