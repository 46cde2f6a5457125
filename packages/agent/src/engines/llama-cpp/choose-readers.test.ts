import { expect, test } from 'vitest';
import { chooseReaders } from './choose-readers.ts';

const readers = (remaining: number, ...lastReads: number[]) => lastReads.map((lastRead, slot) => ({ slot, remaining, lastRead }));
const slotsOf = ({ rows }: ReturnType<typeof chooseReaders>) => rows.map(({ slot }) => slot);

/** Reads them all, and says how many batches that took and how far apart the prompts ended. */
function readAll(remaining: readonly number[], tokens: number) {
  let prompts = remaining.map((rest, slot) => ({ slot, remaining: rest, lastRead: 0 }));
  const endedAt = new Map<number, number>();
  let batches = 0;
  while (prompts.length > 0) {
    const { rows, share } = chooseReaders(prompts, tokens);
    batches++;
    const read = new Set(rows.map(({ slot }) => slot));
    expect(rows.length * share).toBeLessThanOrEqual(Math.max(tokens, rows.length));
    prompts = prompts.map((row) => (read.has(row.slot) ? { ...row, remaining: row.remaining - share, lastRead: batches } : row));
    for (const { slot, remaining: rest } of prompts) if (rest <= 0 && !endedAt.has(slot)) endedAt.set(slot, batches);
    prompts = prompts.filter(({ remaining: rest }) => rest > 0);
  }
  return { batches, apart: Math.max(...endedAt.values()) - Math.min(...endedAt.values()) };
}

test('one prompt takes the whole batch', () => {
  expect(chooseReaders(readers(100, 0), 28)).toEqual({ rows: readers(100, 0), share: 28 });
});

test('a few prompts share it equally', () => {
  const chosen = chooseReaders(readers(100, 0, 0, 0), 28);
  expect(slotsOf(chosen)).toEqual([0, 1, 2]);
  expect(chosen.share).toBe(9);
});

test('many short prompts are read together where that takes no more batches, so that they end together', () => {
  expect(readAll(Array(16).fill(16), 64)).toEqual({ batches: 4, apart: 0 });
});

test('where the batch is small, neighbours take turns, and no batch is spent on a rest of one token', () => {
  expect(readAll(Array(16).fill(16), 20).batches).toBeLessThanOrEqual(14); // 256 tokens in batches of 20 are at least 13
});

test.each([[[500, 3, 3, 3]], [[7, 90, 16, 16, 16, 40, 1]], [Array.from({ length: 16 }, (_, i) => 10 + i * 9)]])(
  'prompts of unlike lengths all end: %j',
  (remaining) => {
    const least = Math.ceil(remaining.reduce((sum, rest) => sum + rest, 0) / 24);
    expect(readAll(remaining, 24).batches).toBeLessThan(least * 1.5 + 4);
  },
);

test('what does not lie side by side is read apart', () => {
  const apart = readers(16, 0, 0, 0, 0).filter(({ slot }) => slot !== 2);
  const first = chooseReaders(apart, 64);
  expect([slotsOf(first), first.share]).toEqual([[0, 1], 16]);
});

test('who waited longest comes first, also behind newcomers', () => {
  const chosen = chooseReaders(readers(3, 9, 9, 9, 2), 6);
  expect(slotsOf(chosen)).toContain(3);
});

test('a batch of fewer tokens than prompts still takes one of each that it takes', () => {
  expect(chooseReaders(readers(5, 0, 0, 0, 0), 2).share).toBe(1);
});
