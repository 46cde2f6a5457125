import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createPacer } from './pacer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const forever = new AbortController().signal;

function follow(row: { count: number; firstMs?: number; everyMs?: number; isHeld?: () => boolean }, signal = forever) {
  const pacer = createPacer(() => Date.now());
  const startedAt = Date.now();
  const times: number[] = [];
  const emit = () => void times.push(Date.now() - startedAt);
  return { times, done: pacer.run({ firstMs: 0, everyMs: 20, isHeld: () => false, ...row, emit }, signal) };
}

test('events come in even steps after the first', async () => {
  const { times, done } = follow({ count: 4, firstMs: 100, everyMs: 50 });
  await vi.advanceTimersByTimeAsync(1000);
  await done;
  expect(times).toEqual([100, 150, 200, 250]);
});

test('what is faster than the timer comes in bunches, and none is lost', async () => {
  const { times, done } = follow({ count: 100, everyMs: 1 });
  await vi.advanceTimersByTimeAsync(1000);
  await done;
  expect(times).toHaveLength(100);
  expect(times.at(-1)).toBe(100);
});

test('a row that is held stands still and goes on at its pace, without catching up', async () => {
  let isHeld = false;
  const { times, done } = follow({ count: 4, firstMs: 10, everyMs: 10, isHeld: () => isHeld });
  await vi.advanceTimersByTimeAsync(20);
  isHeld = true;
  await vi.advanceTimersByTimeAsync(500);
  isHeld = false;
  await vi.advanceTimersByTimeAsync(100);
  await done;
  expect(times).toEqual([10, 20, 530, 540]);
});

test('an aborted row ends at once and leaves no timer behind', async () => {
  const leaving = new AbortController();
  const { times, done } = follow({ count: 10, everyMs: 10 }, leaving.signal);
  await vi.advanceTimersByTimeAsync(10);
  leaving.abort(new Error('left'));
  await expect(done).rejects.toThrow('left');
  expect(vi.getTimerCount()).toBe(0);
  expect(times.length).toBeGreaterThan(0);
});
