import { expect, test } from 'vitest';
import { chooseReaders } from './choose-readers.ts';

const readers = (...lastReads: number[]) => lastReads.map((lastRead, slot) => ({ slot, lastRead }));
const slotsOf = ({ rows }: ReturnType<typeof chooseReaders>) => rows.map(({ slot }) => slot);

test('one prompt takes the whole batch', () => {
  expect(chooseReaders(readers(0), 28)).toEqual({ rows: [{ slot: 0, lastRead: 0 }], share: 28 });
});

test('a few prompts share it equally', () => {
  const chosen = chooseReaders(readers(0, 0, 0), 28);
  expect(slotsOf(chosen)).toEqual([0, 1, 2]);
  expect(chosen.share).toBe(9);
});

test('of many, neighbours take turns, so that each piece is worth its batch', () => {
  const first = chooseReaders(readers(...Array(16).fill(0)), 28);
  expect([slotsOf(first), first.share]).toEqual([[0, 1, 2, 3, 4, 5, 6, 7], 3]);
  const second = chooseReaders(readers(...Array(8).fill(1), ...Array(8).fill(0)), 28);
  expect(slotsOf(second)).toEqual([8, 9, 10, 11, 12, 13, 14, 15]);
});

test('who waited longest comes first, also behind newcomers', () => {
  expect(slotsOf(chooseReaders(readers(9, 9, 9, 2), 6))).toEqual([2, 3]);
});
