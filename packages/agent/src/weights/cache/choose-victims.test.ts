import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Candidate, chooseVictims } from './choose-victims.ts';

const file = (digest: string, sizeBytes: number, popularity: number, isHeld = false): Candidate => ({
  digest,
  sizeBytes,
  popularity,
  isHeld,
});
const digestsOf = (victims: readonly Candidate[] | undefined) => victims?.map(({ digest }) => digest);

describe('who goes', () => {
  test('nobody, while there is room', () => {
    expect(chooseVictims([file('a', 10, 1)], 0)).toEqual([]);
  });

  test('the least popular, whatever their size', () => {
    const files = [file('often', 10, 9), file('seldom', 100, 1), file('sometimes', 10, 3)];
    expect(digestsOf(chooseVictims(files, 5))).toEqual(['seldom']);
    expect(digestsOf(chooseVictims(files, 105))).toEqual(['seldom', 'sometimes']);
  });

  test('not those that a larger one after them makes unnecessary', () => {
    const files = [file('tiny', 1, 1), file('small', 4, 2), file('large', 100, 3)];
    expect(digestsOf(chooseVictims(files, 50))).toEqual(['large']);
    expect(digestsOf(chooseVictims(files, 101))).toEqual(['tiny', 'large']);
  });

  test('nobody who is held, and nobody at all when the others are too few', () => {
    expect(digestsOf(chooseVictims([file('held', 100, 0, true), file('free', 10, 9)], 10))).toEqual(['free']);
    expect(chooseVictims([file('held', 100, 0, true), file('free', 10, 9)], 11)).toBeUndefined();
  });
});

const candidates = fc.uniqueArray(
  fc.record({
    digest: fc.nat(50).map(String),
    sizeBytes: fc.integer({ min: 0, max: 1000 }),
    popularity: fc.nat(20),
    isHeld: fc.boolean(),
  }),
  { selector: ({ digest }) => digest, maxLength: 20 },
);
const sum = (files: readonly Candidate[]) => files.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0);

test('for any files: enough goes, none of it is held, and none of it could have stayed', () => {
  fc.assert(
    fc.property(candidates, fc.integer({ min: 1, max: 8000 }), (files, neededBytes) => {
      const victims = chooseVictims(files, neededBytes);
      const mayGo = files.filter(({ isHeld }) => !isHeld);
      if (victims === undefined) {
        expect(sum(mayGo)).toBeLessThan(neededBytes);
        return;
      }
      expect(victims.every(({ isHeld }) => !isHeld)).toBe(true);
      expect(sum(victims)).toBeGreaterThanOrEqual(neededBytes);
      for (const victim of victims) expect(sum(victims) - victim.sizeBytes).toBeLessThan(neededBytes);
    }),
    { numRuns: 1000 },
  );
});
