import { expect, test } from 'vitest';
import { decidePool, type PoolState, type PoolView } from './decide-pool.ts';

const view: PoolView = {
  min: 1,
  max: 100,
  idleSeconds: 120,
  available: 10,
  threadsPerWorker: 2,
  waiting: 0,
  running: 0,
  nowMs: 0,
};

/** Looks every five seconds, as the loop does, at a demand that changes with time. */
function simulate(seconds: number, demandAt: (second: number) => number, more: Partial<PoolView> = {}): readonly number[] {
  let state: PoolState | undefined;
  const wanted: number[] = [];
  for (let second = 0; second <= seconds; second += 5) {
    state = decidePool(state, { ...view, ...more, waiting: demandAt(second), nowMs: second * 1000 });
    wanted.push(state.wanted);
  }
  return wanted;
}

test('without demand it has its least', () => {
  expect(decidePool(undefined, view)).toEqual({ wanted: 1, why: 'least' });
  expect(decidePool(undefined, { ...view, min: 0 }).wanted).toBe(0);
});

test('more are wanted at once, one for each set of threads', () => {
  expect(decidePool({ wanted: 1, why: 'least' }, { ...view, waiting: 5, running: 2 })).toEqual({ wanted: 4, why: 'demand' });
});

test('never more than its most, nor than there are machines', () => {
  expect(decidePool(undefined, { ...view, waiting: 1000 })).toEqual({ wanted: 10, why: 'machines' });
  expect(decidePool(undefined, { ...view, waiting: 1000, max: 3 })).toEqual({ wanted: 3, why: 'most' });
  expect(decidePool(undefined, { ...view, available: 0 })).toEqual({ wanted: 0, why: 'machines' });
});

test('waves of tasks with short pauses keep their workers', () => {
  const wanted = simulate(600, (second) => (Math.floor(second / 60) % 2 === 0 ? 12 : 0));
  expect(new Set(wanted)).toEqual(new Set([6]));
});

test('idle ones go after their time, and not before', () => {
  const wanted = simulate(200, (second) => (second < 50 ? 12 : 0));
  expect(wanted[Math.floor(165 / 5)]).toBe(6);
  expect(wanted[Math.floor(175 / 5)]).toBe(1);
});

test('after idle time it keeps what the busiest moment of that time needed', () => {
  const wanted = simulate(200, (second) => (second < 50 ? 12 : second === 100 ? 6 : 0));
  expect(wanted[Math.floor(175 / 5)]).toBe(3);
});

test('a machine that goes away takes its worker along', () => {
  expect(decidePool({ wanted: 6, why: 'demand' }, { ...view, waiting: 12, available: 2 }).wanted).toBe(2);
});
