import { describe, expect, test } from 'vitest';
import { createPrefillPace, limitAloneMs, limitBesideAnswersMs, type PrefillPace } from './prefill-pace.ts';

/** Milliseconds that were measured on a server CPU with 206 million parameters: tiles of four, and a fixed part. */
const serverCpu = (tokens: number) => 17 + 3.5 * 4 * Math.ceil(tokens / 4);

/** Reads prompts on a machine with these costs until the pace is steady. */
function settle(costOf: (tokens: number) => number, limitMs = limitBesideAnswersMs, pace: PrefillPace = createPrefillPace(512)) {
  for (let i = 0; i < 60; i++) pace.learn(pace.chunkTokens(limitMs), costOf(pace.chunkTokens(limitMs)));
  return pace.chunkTokens(limitMs);
}

test('a fast machine reads as much as the runtime takes', () => {
  expect(settle((n) => 1 + n / 100)).toBe(512);
});

test('a server CPU reads as much as fits beside answers, and more while none is written', () => {
  expect(settle(serverCpu)).toBe(20);
  expect(settle(serverCpu, limitAloneMs)).toBe(132);
});

test('what was learnt under one limit serves the other', () => {
  const pace = createPrefillPace(512);
  settle(serverCpu, limitAloneMs, pace);
  expect(pace.chunkTokens(limitBesideAnswersMs)).toBe(20);
});

test('a machine on which even a few tokens take longer still goes on', () => {
  expect(settle((n) => n * 1000)).toBe(8);
});

test('no batch beside answers takes longer than the limit once the costs are known, whatever the machine', () => {
  for (const fixed of [0, 3, 20, 60])
    for (const each of [0.05, 0.3, 1, 3]) expect(fixed + each * settle((n) => fixed + each * n)).toBeLessThanOrEqual(limitBesideAnswersMs);
});

describe('a pace that is steady', () => {
  const steady = () => {
    const pace = createPrefillPace(512);
    expect(settle(serverCpu, limitBesideAnswersMs, pace)).toBe(20);
    return pace;
  };

  test('does not change for one slow batch', () => {
    const pace = steady();
    pace.learn(20, 4000);
    expect(pace.chunkTokens(limitBesideAnswersMs)).toBe(20);
  });

  test('follows a machine that has become slow', () => {
    const pace = steady();
    expect(settle((n) => 3 * serverCpu(n), limitBesideAnswersMs, pace)).toBe(8);
  });
});

test('a slow first batch, which fetches the weights from the disk, is not taken for the rule', () => {
  const pace = createPrefillPace(512);
  pace.learn(16, 4000);
  expect(settle(serverCpu, limitBesideAnswersMs, pace)).toBe(20);
});

test('short batches say nothing about long ones', () => {
  const pace = createPrefillPace(512);
  for (let i = 0; i < 9; i++) pace.learn(3, 1);
  expect(pace.chunkTokens(limitBesideAnswersMs)).toBe(16);
});

test('no batch is larger than the runtime takes', () => {
  expect(settle(() => 0.1, limitAloneMs, createPrefillPace(6))).toBe(6);
});

test('what reading takes is told once it is known', () => {
  const pace = createPrefillPace(512);
  expect(pace.expectedMs(100)).toBeUndefined();
  settle((n) => n * 4, limitBesideAnswersMs, pace);
  expect(pace.expectedMs(100)).toBe(400);
});
