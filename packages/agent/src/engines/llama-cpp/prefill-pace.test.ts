import { expect, test } from 'vitest';
import { createPrefillPace } from './prefill-pace.ts';

/** Reads prompts on a machine with these costs until the pace is steady. */
function settle(costOf: (tokens: number) => number, mostTokens = 512) {
  const pace = createPrefillPace(mostTokens);
  for (let i = 0; i < 60; i++) pace.learn(pace.chunkTokens(), costOf(pace.chunkTokens()));
  return pace.chunkTokens();
}

test.each([
  ['a fast machine', (n: number) => 1 + n / 100, 512],
  ['a server CPU with 206 million parameters', (n: number) => 45 + 2.8 * n, undefined],
])('%s reads as much as fits into 100 ms', (_, costOf, expected) => {
  const tokens = settle(costOf);
  expect(costOf(tokens)).toBeLessThanOrEqual(100);
  expect(costOf(tokens)).toBeGreaterThan(expected === undefined ? 60 : 0);
  if (expected !== undefined) expect(tokens).toBe(expected);
});

test('a machine on which even a few tokens take longer still goes on', () => {
  expect(settle((n) => n * 1000)).toBe(8);
});

test('slow batches shrink the next ones, a single one not by much', () => {
  const pace = createPrefillPace(512);
  for (let i = 0; i < 60; i++) pace.learn(pace.chunkTokens(), 1);
  expect(pace.chunkTokens()).toBe(512);
  pace.learn(512, 4000);
  expect(pace.chunkTokens()).toBe(358);
  for (let i = 0; i < 20; i++) pace.learn(pace.chunkTokens(), 4000);
  expect(pace.chunkTokens()).toBe(8);
});

test('a short batch says nothing about long ones', () => {
  const pace = createPrefillPace(512);
  pace.learn(3, 1);
  expect(pace.chunkTokens()).toBe(16);
});

test('no batch is larger than the runtime takes', () => {
  expect(settle(() => 0.1, 6)).toBe(6);
});
