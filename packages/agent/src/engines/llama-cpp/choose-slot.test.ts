import { expect, test } from 'vitest';
import { chooseSlot, commonPrefixLength, countRuns, type FreeSlot } from './choose-slot.ts';

const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);
const slot = (id: number, tokens: readonly number[] = [], lastUse = 0): FreeSlot => ({ id, tokens, lastUse });

test('the common beginning is counted in tokens', () => {
  expect(commonPrefixLength([1, 2, 3], [1, 2, 4])).toBe(2);
  expect(commonPrefixLength([1, 2], [1, 2, 3])).toBe(2);
  expect(commonPrefixLength([], [1])).toBe(0);
});

test('neighbouring ids are one run', () => {
  expect(countRuns([])).toBe(0);
  expect(countRuns([2, 0, 1])).toBe(1);
  expect(countRuns([0, 2, 5, 6])).toBe(3);
});

test('the slot that remembers most of the prompt is taken, wherever it lies', () => {
  const prompt = range(1, 50);
  const free = [slot(0), slot(3, range(1, 20)), slot(7, range(1, 40))];
  expect(chooseSlot(free, [1, 2], prompt)?.id).toBe(7);
});

test('a few common tokens are not worth a hole between the busy slots', () => {
  expect(chooseSlot([slot(2), slot(6, [1, 2, 3])], [0, 1], [1, 2, 3, 4])?.id).toBe(2);
});

test('where all are alike the one is taken that was used longest ago', () => {
  expect(chooseSlot([slot(0, [1], 9), slot(1, [2], 3), slot(2, [3], 5)], [], [7])?.id).toBe(1);
});

test('there may be none', () => {
  expect(chooseSlot([], [0], [1])).toBeUndefined();
});
