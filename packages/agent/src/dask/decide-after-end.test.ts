import { expect, test } from 'vitest';
import { decideAfterEnd, type WorkerEnd } from './decide-after-end.ts';

const end = (wish: Partial<WorkerEnd> = {}): WorkerEnd => ({
  exit: { code: 1, signal: null, isWanted: false },
  wasReady: true,
  livedMs: 1000,
  failure: undefined,
  failures: 0,
  ...wish,
});
const clean = { code: 0, signal: null, isWanted: false };
const crash = { code: null, signal: 'SIGKILL', isWanted: false } as const;

test('a worker that ended with its scheduler starts again at once, and nobody calls it a crash', () => {
  const next = decideAfterEnd(end({ exit: clean, livedMs: 60_000, failures: 9 }), 0);
  expect(next).toMatchObject({ type: 'again', afterMs: 250, condition: { state: 'starting', reason: 'worker_starting' } });
});

test('one that ends again and again is started with growing pauses, five seconds at most', () => {
  const pauses = [0, 1, 2, 3, 4, 5, 20].map((failures) => decideAfterEnd(end({ exit: clean, failures }), 0));
  expect(pauses.map((next) => next.type === 'again' && next.afterMs)).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000]);
});

test('three crashes in a row are a failure, and it is still tried again', () => {
  const states = [0, 1, 2, 3].map((failures) => decideAfterEnd(end({ exit: crash, failures }), 0));
  expect(states.map(({ condition }) => condition.state)).toEqual(['starting', 'starting', 'failed', 'failed']);
  expect(states[3]).toMatchObject({ type: 'again', condition: { reason: 'worker_crashed', message: expect.stringContaining('SIGKILL') } });
});

test('what another try does not change is said as it was said', () => {
  const failure = { type: 'failed', code: 'no_sandbox', message: 'There is none.' } as const;
  expect(decideAfterEnd(end({ wasReady: false, failure }), 0)).toMatchObject({
    type: 'give-up',
    condition: { state: 'stopped', reason: 'no_sandbox', message: 'There is none.' },
  });
});
