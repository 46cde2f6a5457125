import type { TaskRecord } from './task-record.ts';

/** Counts tasks for the metrics of the cluster. */
export interface TaskMeter {
  accepted(task: TaskRecord): void;
  ended(task: TaskRecord): void;
}
