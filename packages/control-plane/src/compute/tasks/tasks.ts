import type { Condition, PoolName, Task, TaskList, TaskLog, TaskRequest } from '@cluster-ai/contracts';
import type { Caller } from '../../access/caller.ts';
import type { ReadableBlob } from '../../registry/blob-reader.ts';
import type { TaskQuery } from './read-tasks.ts';

/** How many tasks wait for a worker of a pool, and run on one. */
export type Demand = Readonly<Record<PoolName, { readonly waiting: number; readonly running: number }>>;

export type TaskOutput = { readonly kind: 'inline'; readonly json: string } | { readonly kind: 'blob'; readonly blob: ReadableBlob };

/**
 * Work for Dask. What was accepted is stored before anybody hears of it, and runs at least once, whatever ends meanwhile. Whoever may not see a
 * task hears `task_not_found`.
 */
export interface Tasks {
  /**
   * All or none, durable when it resolves. An id that is there with the same content is the first one. Throws `conflict`, `invalid_request`,
   * `resources_impossible`, `code_not_allowed`, `python_mismatch`, `bundle_not_found`.
   */
  submit(caller: Caller, requests: readonly TaskRequest[]): Promise<readonly string[]>;
  list(caller: Caller, query: TaskQuery): Promise<TaskList>;
  get(caller: Caller, id: string): Promise<Task>;
  /** Ends it; `cancelling` until nothing of it runs any more. One that has ended stays as it is. */
  cancel(caller: Caller, id: string): Promise<Task>;
  /** Tries a failed one again. Throws `conflict` for any other. */
  retry(caller: Caller, id: string): Promise<Task>;
  /** Throws `conflict` for one that has not ended, or that others wait for. */
  remove(caller: Caller, id: string): Promise<void>;
  readLog(caller: Caller, id: string): Promise<TaskLog>;
  /** Throws `conflict` where there is none. */
  readResult(caller: Caller, id: string): Promise<TaskOutput>;
  readReport(caller: Caller, id: string): Promise<ReadableBlob>;
  /** A module of JavaScript; the same text has the same digest. */
  addBundle(caller: Caller, text: string): Promise<{ readonly digest: string; readonly sizeBytes: number }>;
  /** What may be called by name. Throws `compute_unavailable`. */
  functions(): Promise<unknown>;
  demand(): Demand;
  /** How many are in each state. */
  counts(): Readonly<Record<string, number>>;
  /** How many run on workers now. */
  active(): number;
  bridge(): Condition;
  /** Works until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}
