import { phrase, type TaskState } from '@cluster-ai/contracts';
import type { Failure } from '../bridge/messages.ts';
import { isEnded, isUnderWay, type TaskReason, type TaskRecord, toReason } from './task-record.ts';

/** What can happen to a task. Those with an attempt are about that one only: what an earlier one says later counts for nothing. */
export type TaskEvent =
  | { readonly type: 'handed' }
  | { readonly type: 'started'; readonly attempt: number; readonly worker: string }
  | { readonly type: 'progress'; readonly attempt: number; readonly progress: number; readonly message: string }
  | { readonly type: 'done'; readonly attempt: number; readonly worker: string; readonly durationMs: number }
  | { readonly type: 'failed'; readonly attempt: number; readonly failure: Failure; readonly worker?: string | undefined }
  /** Bridge, scheduler or control plane ended, and the attempt with them: nobody's fault. */
  | { readonly type: 'lost'; readonly attempt: number }
  | { readonly type: 'stopped'; readonly attempt: number; readonly hasEnded: boolean }
  | { readonly type: 'cancel' }
  /** Time has passed. */
  | { readonly type: 'due' }
  | { readonly type: 'dependency-failed'; readonly id: string; readonly state: TaskState }
  | { readonly type: 'refused'; readonly reason: TaskReason }
  | { readonly type: 'retry' };

/** A worker ends work that takes too long by itself; this long after that we do. */
const TIMEOUT_GRACE_MS = 5000;
const UNPLACED_WAIT_MS = 5000;
const FIRST_BACKOFF_MS = 250;
const MOST_BACKOFF_MS = 60_000;

const backoff = (failures: number) => Math.min(MOST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failures, 20));

const end = (task: TaskRecord, state: 'done' | 'failed' | 'cancelled', reason: TaskReason | null, now: number): TaskRecord => ({
  ...task,
  state,
  reason,
  progress: state === 'done' ? 1 : task.progress,
  endedAt: now,
});

/** It ended, as had been decided when it was to be stopped. */
const endAsDecided = (task: TaskRecord, now: number): TaskRecord =>
  end(task, task.reason?.code === 'cancelled' ? 'cancelled' : 'failed', task.reason, now);

/** Ends at once what nobody works on; what runs somewhere first has to be stopped there. */
const stop = (task: TaskRecord, reason: TaskReason, now: number): TaskRecord =>
  isUnderWay(task.state) ? { ...task, state: 'cancelling', reason } : endAsDecided({ ...task, reason }, now);

const again = (task: TaskRecord, notBefore: number, reason: TaskReason | null, failures = task.failures): TaskRecord => ({
  ...task,
  state: 'queued',
  failures,
  notBefore,
  reason,
  progress: 0,
  message: '',
  startedAt: null,
});

export const toFailureReason = ({ kind, message, hint }: Failure): TaskReason => toReason(kind, message, hint === '' ? undefined : hint);

function afterFailure(task: TaskRecord, failure: Failure, now: number): TaskRecord {
  if (failure.kind === 'no_worker') return again(task, now + UNPLACED_WAIT_MS, toReason('no_worker', phrase('task_unplaced')));
  // stopped on its worker and not by us: a leftover of an order about an earlier life
  if (failure.kind === 'cancelled') return again(task, now, null);
  const failures = task.failures + 1;
  if (failure.isRetryable && failures <= task.retries) return again(task, now + backoff(failures), toFailureReason(failure), failures);
  return end({ ...task, failures }, 'failed', toFailureReason(failure), now);
}

function whenDue(task: TaskRecord, now: number): TaskRecord {
  if (task.state === 'cancelling') return task;
  if (task.deadlineAt !== null && task.deadlineAt <= now) return stop(task, toReason('deadline_passed', phrase('task_deadline')), now);
  const { startedAt, timeoutMs } = task;
  const isLate = task.state === 'running' && timeoutMs !== null && startedAt !== null && startedAt + timeoutMs + TIMEOUT_GRACE_MS <= now;
  return isLate ? stop(task, toReason('timed_out', phrase('task_timeout')), now) : task;
}

const retry = (task: TaskRecord, now: number): TaskRecord => ({
  ...again(task, now, null, 0),
  worker: null,
  endedAt: null,
  deadlineAt: task.deadlineAt !== null && task.deadlineAt <= now ? null : task.deadlineAt,
});

/**
 * What becomes of a task when something happens. Pure. The same task is given back when it is of no concern to it: what has ended stays as it
 * is, but for a failed one that somebody wants tried again.
 *
 *     queued → submitted → running → done | failed | cancelled        queued again: after a loss, or a failure that a retry is left for
 *     submitted | running → cancelling → cancelled | failed           once nothing of it runs any more
 */
export function decideTask(task: TaskRecord, event: TaskEvent, now: number): TaskRecord {
  if (isEnded(task.state)) return event.type === 'retry' && task.state === 'failed' ? retry(task, now) : task;
  if ('attempt' in event && event.attempt !== task.attempt) return task;
  switch (event.type) {
    case 'handed':
      if (task.state !== 'queued') return task;
      return { ...task, state: 'submitted', attempt: task.attempt + 1, worker: null, reason: null };
    case 'started':
      return isUnderWay(task.state) ? { ...task, state: 'running', worker: event.worker, startedAt: task.startedAt ?? now } : task;
    case 'progress': {
      const progress = Math.min(1, Math.max(0, event.progress));
      return isUnderWay(task.state)
        ? { ...task, state: 'running', progress, message: event.message, startedAt: task.startedAt ?? now }
        : task;
    }
    case 'done':
      if (task.state === 'cancelling') return endAsDecided(task, now);
      if (!isUnderWay(task.state)) return task;
      return end({ ...task, worker: event.worker, startedAt: task.startedAt ?? Math.round(now - event.durationMs) }, 'done', null, now);
    case 'failed':
      if (task.state === 'cancelling') return endAsDecided(task, now);
      return isUnderWay(task.state) ? afterFailure({ ...task, worker: event.worker ?? task.worker }, event.failure, now) : task;
    case 'lost':
      return isUnderWay(task.state) ? again(task, now, null) : task; // a cancelled one may still run somewhere: it is stopped again
    case 'stopped':
      return task.state === 'cancelling' && event.hasEnded ? endAsDecided(task, now) : task;
    case 'cancel':
      if (task.state === 'cancelling') return { ...task, reason: cancelled() };
      return stop(task, cancelled(), now);
    case 'due':
      return whenDue(task, now);
    case 'dependency-failed': {
      if (task.state !== 'queued') return task;
      const reason = toReason('dependency_failed', phrase('task_needs', { id: event.id, state: event.state }));
      return end(task, 'failed', reason, now);
    }
    case 'refused':
      return task.state === 'queued' ? end(task, 'failed', event.reason, now) : task;
    case 'retry':
      return task;
  }
}

const cancelled = () => toReason('cancelled', phrase('task_was_cancelled'));
