import type { TaskState } from '@cluster-ai/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Failure } from '../bridge/messages.ts';
import { decideTask, type TaskEvent } from './decide-task.ts';
import { createTaskBook } from './task-book.ts';
import { isEnded, type TaskRecord } from './task-record.ts';

const fresh = (more: Partial<TaskRecord> = {}): TaskRecord => ({
  id: 't',
  ownerId: 'ana',
  type: 'python',
  sequence: 1,
  state: 'queued',
  attempt: 0,
  failures: 0,
  retries: 2,
  priority: 0,
  dependsOn: [],
  resources: {},
  wantsReport: false,
  timeoutMs: null,
  deadlineAt: null,
  notBefore: 0,
  progress: 0,
  message: '',
  worker: null,
  reason: null,
  startedAt: null,
  endedAt: null,
  ...more,
});
const failure = (kind = 'error', isRetryable = true): Failure => ({ kind, message: kind, hint: '', traceback: '', isRetryable });
const after = (task: TaskRecord, ...events: readonly TaskEvent[]) => events.reduce((now, event) => decideTask(now, event, 1000), task);
const handed: TaskEvent = { type: 'handed' };
const failed = (attempt: number, why = failure()): TaskEvent => ({ type: 'failed', attempt, failure: why });
const done = (attempt: number): TaskEvent => ({ type: 'done', attempt, worker: 'w', durationMs: 1 });

describe('a task', () => {
  test('uses up retries by its own failures and by dead workers, not by losses of ours', () => {
    const lost = after(fresh(), handed, { type: 'lost', attempt: 1 }, handed, { type: 'lost', attempt: 2 });
    expect(lost).toMatchObject({ state: 'queued', attempt: 2, failures: 0 });
    const twice = after(lost, handed, failed(3), handed, failed(4, failure('worker_lost')));
    expect(twice).toMatchObject({ state: 'queued', attempt: 4, failures: 2 });
    expect(twice.notBefore).toBeGreaterThan(1000);
    expect(after(twice, handed, failed(5))).toMatchObject({ state: 'failed', reason: { code: 'error' }, endedAt: 1000 });
  });

  test('is not tried again where another time would be the same', () => {
    expect(after(fresh(), handed, failed(1, failure('invalid_input', false)))).toMatchObject({ state: 'failed', attempt: 1 });
  });

  test('waits where no worker took it, without using up a retry', () => {
    expect(after(fresh(), handed, failed(1, failure('no_worker')))).toMatchObject({
      state: 'queued',
      failures: 0,
      reason: { code: 'no_worker' },
    });
  });

  test('does not listen to an attempt before the last', () => {
    const again = after(fresh(), handed, { type: 'lost', attempt: 1 }, handed);
    for (const event of [done(1), failed(1), { type: 'lost', attempt: 1 } as const]) expect(decideTask(again, event, 1000)).toBe(again);
  });

  test('is cancelling until nothing of it runs, whatever ends it', () => {
    const running = after(fresh(), handed, { type: 'started', attempt: 1, worker: 'w' });
    const stopping = after(running, { type: 'cancel' });
    expect(stopping.state).toBe('cancelling');
    expect(after(stopping, { type: 'stopped', attempt: 1, hasEnded: false })).toBe(stopping);
    expect(after(stopping, { type: 'lost', attempt: 1 })).toBe(stopping);
    expect(after(stopping, { type: 'stopped', attempt: 1, hasEnded: true })).toMatchObject({ state: 'cancelled' });
    expect(after(stopping, failed(1))).toMatchObject({ state: 'cancelled' });
    expect(after(fresh(), { type: 'cancel' })).toMatchObject({ state: 'cancelled', attempt: 0 });
  });

  test('that is late is stopped, and has failed', () => {
    const late = after(fresh({ deadlineAt: 900 }), handed, { type: 'due' });
    expect(late).toMatchObject({ state: 'cancelling', reason: { code: 'deadline_passed' } });
    expect(after(late, { type: 'stopped', attempt: 1, hasEnded: true })).toMatchObject({
      state: 'failed',
      reason: { code: 'deadline_passed' },
    });
    expect(after(fresh({ deadlineAt: 900 }), { type: 'due' })).toMatchObject({ state: 'failed' });
    const slow = fresh({ state: 'running', attempt: 1, timeoutMs: 100, startedAt: 0 });
    expect(decideTask(slow, { type: 'due' }, 1000)).toBe(slow); // its worker ends it by itself
    expect(decideTask(slow, { type: 'due' }, 10_000)).toMatchObject({ state: 'cancelling', reason: { code: 'timed_out' } });
  });
});

/** A cluster of which any part may go at any moment, and a store that has only what was saved. */
function simulate(count: number, steps: readonly { readonly what: string; readonly which: number }[]): void {
  let now = 0;
  const stored = new Map<string, TaskRecord>();
  const ends = new Map<string, TaskState>();
  let atWork: { id: string; attempt: number }[] = [];
  const open = () => createTaskBook({ now: () => now, onStop: (attempt) => atWork.push({ ...attempt }) });
  let book = open();
  const records = Array.from({ length: count }, (_, index) =>
    fresh({ id: `t${index}`, sequence: index, retries: index % 3, dependsOn: index % 4 === 3 ? [`t${index - 1}`] : [] }),
  );
  for (const record of records) stored.set(record.id, record);
  const statesOf = () => new Map([...stored].map(([id, { state }]) => [id, state]));
  book.adopt(records, statesOf());
  const save = () => {
    for (const { record } of book.takeChanges()) {
      const before = stored.get(record.id);
      if (before !== undefined && isEnded(before.state)) continue; // as the store does
      stored.set(record.id, record);
      if (!isEnded(record.state)) continue;
      expect(ends.has(record.id)).toBe(false); // once
      ends.set(record.id, record.state);
      book.settle(record);
    }
  };
  const loseBridge = () => {
    for (const { id, attempt } of book.underWay()) book.apply(id, { type: 'lost', attempt });
    atWork = [];
    for (const { id, attempt, state } of book.underWay()) if (state === 'cancelling') atWork.push({ id, attempt });
  };
  const crash = () => {
    book = open();
    const live = [...stored.values()].filter(({ state }) => !isEnded(state));
    book.adopt(live, statesOf());
    loseBridge();
  };
  const attempts = new Map<string, Set<number>>();
  const hand = (most: number) => {
    const taken = book.take(most);
    save();
    for (const { id, attempt } of taken) {
      const used = attempts.get(id) ?? new Set();
      expect(used.has(attempt)).toBe(false); // no number twice
      attempts.set(id, used.add(attempt));
      atWork.push({ id, attempt });
    }
  };
  const end = (which: number, event: (attempt: number) => TaskEvent) => {
    const [one] = atWork.splice(which % Math.max(1, atWork.length), 1);
    if (one === undefined) return;
    const isStopping = book.get(one.id)?.state === 'cancelling';
    book.apply(one.id, isStopping ? { type: 'stopped', attempt: one.attempt, hasEnded: true } : event(one.attempt));
  };
  for (const { what, which } of steps) {
    now += 100;
    if (what === 'hand') hand(1 + (which % 5));
    if (what === 'done') end(which, done);
    if (what === 'fail') end(which, (attempt) => failed(attempt));
    if (what === 'cancel') book.apply(`t${which % count}`, { type: 'cancel' });
    if (what === 'bridge') loseBridge();
    if (what === 'crash') crash(); // what was not saved never was
    if (what === 'save') save();
  }
  for (let turn = 0; turn < 20 * count && book.size() > 0; turn++) {
    now += 100_000;
    hand(count);
    while (atWork.length > 0) end(0, done);
    save();
  }
  expect(book.size()).toBe(0);
  expect([...stored.values()].filter(({ state }) => !isEnded(state))).toEqual([]); // none is lost
  expect(ends.size).toBe(count);
}

test('whatever goes when, every accepted task ends, and ends once', () => {
  const step = fc.record({
    what: fc.constantFrom('hand', 'hand', 'done', 'done', 'fail', 'cancel', 'bridge', 'crash', 'save', 'save'),
    which: fc.nat(100),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.array(step, { maxLength: 80 }), (count, steps) => simulate(count, steps)),
    { numRuns: 300 },
  );
});
