import type { TaskState } from '@cluster-ai/contracts';
import type { Attempt } from '../bridge/messages.ts';
import { decideTask, type TaskEvent } from './decide-task.ts';
import { createReadyQueue } from './ready-queue.ts';
import { isEnded, isUnderWay, type TaskRecord } from './task-record.ts';
import type { TaskChange } from './task-store.ts';

/** What is attached to the end of a task. */
export type TaskYield = Omit<TaskChange, 'record'>;

/**
 * All tasks that have not ended, in memory: what each waits for, which are with the scheduler, and what the store does not know yet. Decides
 * nothing by itself and touches nothing outside.
 */
export function createTaskBook({ now, onStop }: { readonly now: () => number; readonly onStop: (attempt: Attempt) => void }) {
  const live = new Map<string, TaskRecord>();
  const missing = new Map<string, Set<string>>();
  const waiters = new Map<string, Set<string>>();
  const underWay = new Set<string>();
  const timed = new Set<string>();
  const delayed = new Set<string>();
  const changes = new Map<string, TaskChange>();
  const ready = createReadyQueue();

  function queue(task: TaskRecord): void {
    if (missing.has(task.id)) return;
    if (task.notBefore > now()) delayed.add(task.id);
    else ready.push(task);
  }

  function place(before: TaskRecord | undefined, after: TaskRecord): void {
    const { id, state } = after;
    if (isUnderWay(state) || state === 'cancelling') underWay.add(id);
    else underWay.delete(id);
    if (state === 'queued' && before?.state !== 'queued') queue(after);
    if (state === 'cancelling' && before !== undefined && before.state !== 'cancelling') onStop({ id, attempt: after.attempt });
    if (after.deadlineAt !== null || after.timeoutMs !== null) timed.add(id);
  }

  function forget(id: string): void {
    live.delete(id);
    timed.delete(id);
    delayed.delete(id);
    for (const need of missing.get(id) ?? []) waiters.get(need)?.delete(id);
    missing.delete(id);
  }

  /** Gives the task as it is now; `undefined` for one that has ended before. */
  function apply(id: string, event: TaskEvent, yields: TaskYield = {}): TaskRecord | undefined {
    const before = live.get(id);
    if (before === undefined) return undefined;
    const after = decideTask(before, event, now());
    if (after === before) return after;
    live.set(id, after);
    const { result, reportDigest } = yields;
    const kept = after.state === 'done' ? { ...(result && { result }), ...(reportDigest && { reportDigest }) } : {};
    changes.set(id, { record: after, ...kept });
    place(before, after);
    return after;
  }

  return {
    apply,
    get: (id: string) => live.get(id),
    size: () => live.size,
    all: () => live.values(),
    underWay: () => [...underWay].flatMap((id) => live.get(id) ?? []),
    underWayCount: () => underWay.size,
    hasTimed: () => timed.size + delayed.size > 0,
    /** Until others are done. */
    isWaiting: (id: string) => missing.has(id),
    isNeeded: (id: string) => (waiters.get(id)?.size ?? 0) > 0,

    /** Takes tasks in that the store has. `stateOf` knows those that have ended. */
    adopt(records: readonly TaskRecord[], stateOf: ReadonlyMap<string, TaskState>): void {
      const fresh = records.filter(({ id }) => !live.has(id));
      for (const task of fresh) live.set(task.id, task);
      for (const task of fresh) {
        const needs = task.dependsOn.filter((id) => live.has(id) || stateOf.get(id) !== 'done');
        if (needs.length > 0) missing.set(task.id, new Set(needs));
        for (const need of needs) waiters.set(need, (waiters.get(need) ?? new Set()).add(task.id));
        place(undefined, task);
      }
      for (const { id, dependsOn } of fresh)
        for (const need of dependsOn)
          if (!live.has(need) && stateOf.get(need) !== 'done')
            apply(id, { type: 'dependency-failed', id: need, state: stateOf.get(need) ?? 'cancelled' });
    },

    /** The next tasks for the scheduler, in their order, marked as handed over. */
    take(most: number): readonly TaskRecord[] {
      for (const id of delayed) {
        const task = live.get(id);
        if (task !== undefined && task.notBefore > now()) continue;
        delayed.delete(id);
        if (task?.state === 'queued') ready.push(task);
      }
      const taken: TaskRecord[] = [];
      while (taken.length < most) {
        const id = ready.pop();
        if (id === undefined) break;
        const task = live.get(id);
        if (task?.state !== 'queued' || task.notBefore > now() || missing.has(id)) continue;
        const handed = apply(id, { type: 'handed' });
        if (handed !== undefined) taken.push(handed);
      }
      return taken;
    },

    /** Time has passed: deadlines and timeouts. */
    tick(): void {
      for (const id of timed) apply(id, { type: 'due' });
    },

    takeChanges(): readonly TaskChange[] {
      const taken = [...changes.values()];
      changes.clear();
      return taken;
    },
    /** They could not be stored: newer ones stay. */
    returnChanges(taken: readonly TaskChange[]): void {
      for (const change of taken) if (!changes.has(change.record.id)) changes.set(change.record.id, change);
    },

    /** After the store has it: those that waited for it begin, or fail as well. */
    settle(record: TaskRecord): void {
      const current = live.get(record.id);
      if (current === undefined || !isEnded(record.state) || current !== record) return;
      forget(record.id);
      const waiting = waiters.get(record.id) ?? [];
      waiters.delete(record.id);
      for (const id of waiting) {
        const needs = missing.get(id);
        needs?.delete(record.id);
        if (record.state !== 'done') apply(id, { type: 'dependency-failed', id: record.id, state: record.state });
        else if (needs?.size === 0) {
          missing.delete(id);
          const task = live.get(id);
          if (task?.state === 'queued') queue(task);
        }
      }
    },
  };
}
export type TaskBook = ReturnType<typeof createTaskBook>;
