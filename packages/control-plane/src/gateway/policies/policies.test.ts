import fc from 'fast-check';
import { expect, test } from 'vitest';
import { leastLoaded } from './least-loaded.ts';
import type { Candidate, Speed } from './policy.ts';
import { predictive } from './predictive.ts';
import { roundRobin } from './round-robin.ts';

const speed = (more: Partial<Speed> = {}): Speed => ({
  prefillTokensPerSecond: 1000,
  decodeTokensPerSecond: 50,
  completionTokens: 100,
  serviceMs: 2000,
  ...more,
});
const replica = (replicaId: string, more: Partial<Candidate> = {}): Candidate => ({
  replicaId,
  inFlight: 0,
  parallel: 4,
  isDegraded: false,
  speed: undefined,
  ...more,
});
const ask = { promptTokens: 100, turn: 0 };
const half = () => 0.5;
const ids = (candidates: readonly Candidate[]) => candidates.map(({ replicaId }) => replicaId);

test('least_loaded counts the share of slots, not the requests', () => {
  const candidates = [replica('small', { inFlight: 1, parallel: 1 }), replica('large', { inFlight: 2, parallel: 8 })];
  expect(ids(leastLoaded(candidates, ask, half))).toEqual(['large', 'small']);
});

test('round_robin takes turns, and its second choice is the next one', () => {
  const candidates = [replica('b'), replica('a'), replica('c')];
  const turns = [0, 1, 2, 3].map((turn) => ids(roundRobin(candidates, { promptTokens: 0, turn }, half)));
  expect(turns).toEqual([
    ['a', 'b', 'c'],
    ['b', 'c', 'a'],
    ['c', 'a', 'b'],
    ['a', 'b', 'c'],
  ]);
});

test('predictive prefers the machine that writes faster', () => {
  const candidates = [replica('slow', { speed: speed({ decodeTokensPerSecond: 5 }) }), replica('fast', { speed: speed() })];
  expect(ids(predictive(candidates, ask, half))).toEqual(['fast', 'slow']);
});

test('predictive prefers an idle slow machine to a queue at the fast one', () => {
  const candidates = [replica('slow', { speed: speed({ decodeTokensPerSecond: 20 }) }), replica('fast', { speed: speed(), inFlight: 12 })];
  expect(ids(predictive(candidates, ask, half))).toEqual(['slow', 'fast']);
});

test('predictive weighs the length of the prompt', () => {
  const reader = replica('reads fast', { speed: speed({ prefillTokensPerSecond: 5000, decodeTokensPerSecond: 40 }) });
  const writer = replica('writes fast', { speed: speed({ prefillTokensPerSecond: 200, decodeTokensPerSecond: 60 }) });
  expect(ids(predictive([reader, writer], { promptTokens: 20, turn: 0 }, half))[0]).toBe('writes fast');
  expect(ids(predictive([reader, writer], { promptTokens: 8000, turn: 0 }, half))[0]).toBe('reads fast');
});

test('predictive tries a machine that has not answered yet', () => {
  const candidates = [replica('known', { speed: speed(), inFlight: 1 }), replica('new')];
  expect(ids(predictive(candidates, ask, half))[0]).toBe('new');
});

test('equals are chosen at random, so that several gateways do not all choose the same', () => {
  const candidates = [replica('a'), replica('b')];
  const chance = (values: number[]) => () => values.shift() ?? 0;
  expect(ids(predictive(candidates, ask, chance([0.1, 0.9])))[0]).toBe('a');
  expect(ids(predictive(candidates, ask, chance([0.9, 0.1])))[0]).toBe('b');
});

const anyReplica = fc.record({
  replicaId: fc.uuid(),
  inFlight: fc.nat(50),
  parallel: fc.integer({ min: 1, max: 16 }),
  isDegraded: fc.boolean(),
  speed: fc.option(fc.constant(speed()), { nil: undefined }),
});

test.each([
  ['least_loaded', leastLoaded],
  ['predictive', predictive],
] as const)('%s loses nobody, and takes a late machine only when there is no other', (_name, policy) => {
  fc.assert(
    fc.property(fc.array(anyReplica, { minLength: 1 }), (candidates) => {
      const ranked = policy(candidates, ask, half);
      expect(ids(ranked).toSorted()).toEqual(ids(candidates).toSorted());
      expect(ranked[0]?.isDegraded).toBe(candidates.every(({ isDegraded }) => isDegraded));
    }),
  );
});
