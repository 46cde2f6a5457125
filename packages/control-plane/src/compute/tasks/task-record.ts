import type { Said } from '@cluster-ai/contracts';
import { type Sentence, type TaskRequest, type TaskState, type TaskType, toEnglish, toSaid } from '@cluster-ai/contracts';

/** Why a task ended so, or still waits. `cancelled` is somebody's wish; every other code that ends a task is a failure. */
export interface TaskReason {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly said?: Said | undefined;
}

/** What is decided about a task while it has not ended. Its input stays in the store. */
export interface TaskRecord {
  readonly id: string;
  readonly ownerId: string;
  readonly type: TaskType;
  readonly sequence: number;
  readonly state: TaskState;
  /** How often it was handed to the scheduler. */
  readonly attempt: number;
  /** Of attempts: those that ended by the task's own doing, or with its worker. */
  readonly failures: number;
  readonly retries: number;
  readonly priority: number;
  readonly dependsOn: readonly string[];
  readonly resources: TaskRequest['resources'];
  readonly wantsReport: boolean;
  readonly timeoutMs: number | null;
  /** Epoch milliseconds. */
  readonly deadlineAt: number | null;
  /** Not handed over before; kept in memory only. */
  readonly notBefore: number;
  readonly progress: number;
  readonly message: string;
  readonly worker: string | null;
  readonly reason: TaskReason | null;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

export const isEnded = (state: TaskState): boolean => state === 'done' || state === 'failed' || state === 'cancelled';
export const isUnderWay = (state: TaskState): boolean => state === 'submitted' || state === 'running';

export function toReason(code: string, message: Sentence, hint?: Sentence): TaskReason {
  const said = toSaid(message, hint);
  return {
    code,
    message: toEnglish(message),
    ...(hint === undefined ? {} : { hint: toEnglish(hint) }),
    ...(said === undefined ? {} : { said }),
  };
}
