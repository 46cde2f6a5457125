import type { Task, TaskFunction, TaskInput, TaskList, TaskLog, TaskState, TaskType } from '@cluster-ai/contracts';
import type { CallOptions, Http } from './http.ts';
import type { MapInput, MapOptions } from './map/map-items.ts';
import { type WaitForTaskOptions, waitForTask } from './wait-for-task.ts';

/** Which tasks to list, newest first, beginning after `cursor`. */
export interface ListTasksInput {
  readonly state?: TaskState | undefined;
  readonly type?: TaskType | undefined;
  readonly name?: string | undefined;
  /** 1 to 1000; 100 when left out. */
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** How far a task is, without its result. */
export type TaskStatus = Pick<Task, 'id' | 'state' | 'reason' | 'attempt' | 'progress' | 'message' | 'worker'>;

/** A module that tasks can run, by the digest of its text. */
export interface StoredBundle {
  readonly digest: string;
  readonly sizeBytes: number;
}

/** Work in parallel on the workers of a cluster (`/api/v1/tasks`). A task runs at least once: make its effects idempotent. */
export interface TasksClient {
  /**
   * Hands in a task and gives its id; it is recorded before this answers. The same `id` again answers with the first task.
   * Throws `compute_disabled`, `resources_impossible`, `function_not_found`, `bundle_not_found`, `code_not_allowed`.
   */
  submitTask(task: TaskInput, options?: CallOptions): Promise<string>;
  /** Up to 10 000 tasks, all or none; their ids in the order given. Throws as `submitTask`. */
  submitTasks(tasks: readonly TaskInput[], options?: CallOptions): Promise<readonly string[]>;
  listTasks(query?: ListTasksInput, options?: CallOptions): Promise<TaskList>;
  /** Throws `task_not_found`. */
  getTask(id: string, options?: CallOptions): Promise<Task>;
  /** How far it is. Throws `task_not_found`. */
  getTaskStatus(id: string, options?: CallOptions): Promise<TaskStatus>;
  /** What it printed, of every attempt. Throws `task_not_found`. */
  getTaskLog(id: string, options?: CallOptions): Promise<TaskLog>;
  /** What it gave, whatever its size. Throws `task_failed`, `cancelled`, `conflict` while it has not ended. */
  getTaskResult<Result = unknown>(id: string, options?: CallOptions): Promise<Result>;
  /** The result as the bytes of its JSON, as they come: for those that are large. */
  downloadTaskResult(id: string, options?: CallOptions): AsyncGenerator<Uint8Array, void, undefined>;
  /** Waits until it has ended, whichever way: done, failed or cancelled. Aborting the signal stops the waiting, not the task. */
  waitForTask(id: string, options?: WaitForTaskOptions): Promise<Task>;
  /** Stops the work itself, within two seconds. Throws `task_not_found`, and `conflict` when it has ended. */
  cancelTask(id: string, options?: CallOptions): Promise<void>;
  /** Runs a task that failed or was cancelled again. Throws `task_not_found`, and `conflict` while it has not ended. */
  retryTask(id: string, options?: CallOptions): Promise<void>;
  /** Forgets a task with its result. Throws `task_not_found`, and `conflict` while it has not ended. */
  removeTask(id: string, options?: CallOptions): Promise<void>;
  /** Keeps a JavaScript module for tasks of type `javascript`; the same text again has the same digest. */
  storeBundle(source: string, options?: CallOptions): Promise<StoredBundle>;
  /** The Python functions that tasks may call by name. */
  listTaskFunctions(options?: CallOptions): Promise<readonly TaskFunction[]>;
  /**
   * Calls a function for each item on the workers, and gives what it gave in the order of the items; a promise that it gives is awaited
   * there. The function travels as its text, so that nothing around it comes along: what it needs must be inside it, in `args`, or in a
   * module given instead of it (as text, a path or a `file:` URL). Items go in chunks of about 100 ms. Throws `invalid_request` for a
   * function that names something outside, and `task_failed` with the first failure; then, and when the signal aborts, what was handed
   * in is cancelled.
   */
  map<Item, Result>(work: MapInput<Item, Result>, items: Iterable<Item>, options?: MapOptions): Promise<Result[]>;
}

type Parts = Pick<TasksClient, 'map' | 'waitForTask'>;

/** `watchEvents` wakes whoever waits for a task. */
export function createTasksClient({ request, bytes }: Http, watchEvents: Parameters<typeof waitForTask>[0]['watchEvents']): TasksClient {
  const path = (id: string, ...rest: string[]) => ['tasks', encodeURIComponent(id), ...rest].join('/');
  const getTask: TasksClient['getTask'] = (id, options) => request({ path: path(id), ...options });
  const act = async (id: string, verb: string, options?: CallOptions): Promise<void> => {
    await request({ method: 'POST', path: path(id, verb), body: {}, ...options });
  };
  const client: Omit<TasksClient, keyof Parts> = {
    submitTask: async (body, options) => (await request<Task>({ method: 'POST', path: 'tasks', body, ...options })).id,
    submitTasks: async (tasks, options) =>
      (await request<{ ids: readonly string[] }>({ method: 'POST', path: 'tasks', body: { tasks }, ...options })).ids,
    listTasks: ({ limit, ...query } = {}, options) =>
      request({ path: 'tasks', query: { ...query, limit: limit === undefined ? undefined : String(limit) }, ...options }),
    getTask,
    getTaskStatus: getTask,
    getTaskLog: (id, options) => request({ path: path(id, 'logs'), ...options }),
    getTaskResult: (id, options) => request({ path: path(id, 'result'), ...options }),
    downloadTaskResult: (id, options) => bytes({ path: path(id, 'result'), ...options }),
    cancelTask: (id, options) => act(id, 'cancel', options),
    retryTask: (id, options) => act(id, 'retry', options),
    removeTask: async (id, options) => {
      await request({ method: 'DELETE', path: path(id), ...options });
    },
    storeBundle: (source, options) => request({ method: 'POST', path: 'tasks/bundles', body: { source }, ...options }),
    listTaskFunctions: async (options) =>
      (await request<{ functions: readonly TaskFunction[] }>({ path: 'tasks/functions', ...options })).functions,
  };
  return {
    ...client,
    waitForTask: (id, options) => waitForTask({ getTask, watchEvents }, id, options),
    // pages that never map do not load it
    map: async (work, items, options) => (await import('./map/map-items.ts')).mapItems(client, work, items, options),
  };
}
