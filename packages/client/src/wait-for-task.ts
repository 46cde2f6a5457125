import type { Task, TaskState } from '@cluster-ai/contracts';
import type { CallOptions } from './http.ts';
import { pause } from './pause.ts';

export interface WaitForTaskOptions extends CallOptions {
  /** Hears of the task each time it was looked at. */
  readonly onProgress?: ((task: Task) => void) | undefined;
}

interface WaitDeps {
  getTask(id: string, options?: CallOptions): Promise<Task>;
  watchEvents(options?: CallOptions): AsyncIterable<{ readonly event: { readonly type: string } }>;
}

/** What the event `tasks.changed` says; no id where many changed at once. */
interface TaskEvent {
  readonly type: string;
  readonly ids?: readonly string[];
}

/** Pauses between two looks when no event comes; they grow from the first to the last. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;

/** Whether nothing more happens to it by itself. */
export const hasEnded = ({ state }: { readonly state: TaskState }): boolean =>
  state === 'done' || state === 'failed' || state === 'cancelled';

const mayTellOf = ({ type, ids = [] }: TaskEvent, id: string) => type === 'tasks.changed' && (ids.length === 0 || ids.includes(id));

/** Calls `onEvent` for each event that may be about the task. Ends quietly with the stream: whoever waits looks anyway. */
async function followEvents(events: ReturnType<WaitDeps['watchEvents']>, id: string, onEvent: () => void): Promise<void> {
  try {
    for await (const { event } of events) if (mayTellOf(event, id)) onEvent();
  } catch {
    // a proxy that cuts streams, or a key that may not see events: the looks go on
  }
}

/** Looks until the task has ended: at once when an event tells of it, else with growing pauses. */
export async function waitForTask(deps: WaitDeps, id: string, { signal, onProgress }: WaitForTaskOptions = {}): Promise<Task> {
  const ended = new AbortController();
  const either = (other: AbortController) => AbortSignal.any([other.signal, ...(signal === undefined ? [] : [signal])]);
  let woken = new AbortController();
  let following: Promise<void> | undefined;
  let pauseMs = FIRST_PAUSE_MS;
  try {
    for (;;) {
      woken = new AbortController(); // before the look, so that nothing is missed between both
      const task = await deps.getTask(id, { signal });
      onProgress?.(task);
      if (hasEnded(task)) return task;
      following ??= followEvents(deps.watchEvents({ signal: either(ended) }), id, () => woken.abort());
      await pause(pauseMs, either(woken)).catch(() => signal?.throwIfAborted());
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 1.5);
    }
  } finally {
    ended.abort();
    await following;
  }
}
