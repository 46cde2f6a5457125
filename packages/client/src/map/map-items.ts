import { ClusterError, type Task, type TaskInput } from '@cluster-ai/contracts';
import { pause } from '../pause.ts';
import type { TasksClient } from '../tasks-client.ts';
import { hasEnded } from '../wait-for-task.ts';
import { chooseChunk, type MeasuredChunk } from './choose-chunk.ts';
import { findClosureHint, type MapInput, toBundle } from './to-bundle.ts';

export type { MapInput } from './to-bundle.ts';

export interface MapProgress {
  /** Items whose result is there. */
  readonly done: number;
  readonly total: number;
  /** How many tasks are handed in and have not ended. */
  readonly openTasks: number;
}

export interface MapOptions {
  /** Given to the function after the item. */
  readonly args?: readonly unknown[];
  /** Which export of a module is called; `default` when left out. */
  readonly export?: string;
  /** Names outside the function that every worker has. */
  readonly names?: readonly string[];
  /** For how long a worker is to be busy with one task; 100 when left out. */
  readonly targetMs?: number;
  /** How many items a task takes, instead of learning it. */
  readonly chunkSize?: number;
  /** How many tasks are handed in at a time; 64 when left out. */
  readonly openTasks?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: MapProgress) => void) | undefined;
  /** The rest is as tasks have it, for each of them. */
  readonly name?: string;
  readonly priority?: number;
  readonly retries?: number;
  readonly timeoutSeconds?: number;
  readonly resources?: TaskInput['resources'];
}

type MapDeps = Pick<TasksClient, 'storeBundle' | 'submitTasks' | 'listTasks' | 'getTaskResult' | 'cancelTask'>;

interface Chunk {
  readonly from: number;
  readonly to: number;
}

/** Until something was measured, so few are enough to learn from. */
const FIRST_TASKS = 4;
/** Of one call, below what a door takes. */
const MOST_BYTES = 512 * 1024;
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 500;

const makeId = (): string =>
  `map-${Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, '0')).join('')}`;

/** The end of a chunk that begins at `from`: as many items as wished, and no more than fit into the call. */
function findEnd(items: readonly string[], from: number, size: number, roomBytes: number): number {
  let bytes = 0;
  let to = from;
  while (to < items.length && to - from < size) {
    bytes += (items[to] ?? '').length + 1;
    if (bytes > roomBytes && to > from) break;
    to += 1;
  }
  return to;
}

function toFailure({ name, state, reason }: Task, { from, to }: Chunk): ClusterError {
  const which = to - from === 1 ? `item ${from}` : `items ${from} to ${to - 1}`;
  const said = reason?.message ?? state;
  return new ClusterError(state === 'cancelled' ? 'cancelled' : 'task_failed', `${which} of ${name}: ${said}`, {
    hint: findClosureHint(said) ?? reason?.hint ?? 'See `cluster-ai tasks ls`.',
  });
}

const busyMsOf = ({ startedAt, endedAt }: Task) =>
  startedAt === null || endedAt === null ? 0 : Date.parse(endedAt) - Date.parse(startedAt);

/** One run of `map`: hands in chunks, learns their size, gathers in order. */
export async function mapItems<Item, Result>(
  client: MapDeps,
  work: MapInput<Item, Result>,
  given: Iterable<Item>,
  options: MapOptions = {},
): Promise<Result[]> {
  const { args = [], export: exported = 'default', names = [], targetMs = 100, chunkSize, openTasks = 64, signal, onProgress } = options;
  const items = [...given];
  const written = items.map((item) => JSON.stringify(item) ?? 'null');
  const { digest: bundle } = await client.storeBundle(await toBundle(work as MapInput<never, unknown>, names), { signal });
  const run = makeId();
  const name = options.name === undefined ? run : `${options.name} (${run})`; // by it the tasks of this run are found
  const results: Result[] = new Array(items.length);
  const open = new Map<string, Chunk>();
  const measured: MeasuredChunk[] = [];
  let handedIn = 0;
  let done = 0;

  function toTask(id: string, { from, to }: Chunk): TaskInput {
    const { priority, retries, timeoutSeconds, resources } = options;
    const given = Object.entries({ priority, retries, timeoutSeconds, resources }).filter(([, value]) => value !== undefined);
    const input = { bundle, export: exported, args: [...args] as never[], items: items.slice(from, to) as never[] };
    return { ...Object.fromEntries(given), type: 'javascript', id, name, input };
  }

  async function handIn(): Promise<void> {
    const isLearning = chunkSize === undefined && measured.length === 0;
    const size = chunkSize ?? chooseChunk(measured, targetMs);
    const tasks: TaskInput[] = [];
    let roomBytes = MOST_BYTES;
    while (handedIn < items.length && open.size < (isLearning ? Math.min(FIRST_TASKS, openTasks) : openTasks) && roomBytes > 0) {
      const chunk = { from: handedIn, to: findEnd(written, handedIn, size, roomBytes) };
      const id = `${run}-${chunk.from}`;
      roomBytes -= written.slice(chunk.from, chunk.to).join().length;
      tasks.push(toTask(id, chunk));
      open.set(id, chunk);
      handedIn = chunk.to;
    }
    if (tasks.length > 0) await client.submitTasks(tasks, { signal });
  }

  async function take(task: Task, chunk: Chunk): Promise<void> {
    if (task.state !== 'done') throw toFailure(task, chunk);
    const value = task.result?.value ?? (await client.getTaskResult(task.id, { signal }));
    if (!Array.isArray(value) || value.length !== chunk.to - chunk.from)
      throw new ClusterError('internal', `The task ${task.id} answered with something else than a result for each item.`);
    for (const [index, result] of value.entries()) results[chunk.from + index] = result as Result;
    open.delete(task.id);
    measured.push({ items: value.length, busyMs: busyMsOf(task) });
    done += value.length;
  }

  /** Takes what has ended; whether there was any. Newest come first, so that a page with as many as are open has most of them. */
  async function gather(): Promise<boolean> {
    const before = done;
    const missing = new Set(open.keys());
    const limit = Math.min(open.size, 1000);
    let cursor: string | undefined;
    do {
      const page = await client.listTasks({ name, limit, cursor }, { signal });
      for (const task of page.tasks) missing.delete(task.id);
      const ended = page.tasks.filter(hasEnded).map((task) => ({ task, chunk: open.get(task.id) }));
      // lists come without values: many are asked for at once
      await Promise.all(ended.map(({ task, chunk }) => (chunk === undefined ? undefined : take(task, chunk))));
      cursor = page.next ?? undefined;
    } while (cursor !== undefined && missing.size > 0);
    return done > before;
  }

  let pauseMs = FIRST_PAUSE_MS;
  try {
    while (done < items.length) {
      signal?.throwIfAborted();
      await handIn();
      pauseMs = (await gather()) ? FIRST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, pauseMs * 1.5);
      onProgress?.({ done, total: items.length, openTasks: open.size });
      if (done < items.length) await pause(pauseMs, signal);
    }
    return results;
  } catch (error) {
    await Promise.allSettled([...open.keys()].map((id) => client.cancelTask(id))); // of no use any more
    throw error;
  }
}
