import { computeVersionsShape } from '@cluster-ai/contracts';
import { z } from 'zod';

/** Grows with each change that an older bridge would not understand. */
export const BRIDGE_PROTOCOL = 1;

const attempt = { id: z.string(), attempt: z.int() };

/** Why an attempt failed, as the worker said it. */
export const failureShape = z.object({
  kind: z.string().default('error'),
  message: z.string().default(''),
  hint: z.string().default(''),
  traceback: z.string().default(''),
  isRetryable: z.boolean().default(true),
});
export type Failure = z.infer<typeof failureShape>;

/** What becomes of tasks. */
export const bridgeEventShape = z.discriminatedUnion('type', [
  z.object({ type: z.literal('started'), ...attempt, worker: z.string() }),
  z.object({ type: z.literal('progress'), ...attempt, progress: z.number(), message: z.string() }),
  z.object({ type: z.literal('log'), ...attempt, text: z.string() }),
  z.object({
    type: z.literal('done'),
    ...attempt,
    worker: z.string(),
    durationMs: z.number(),
    sizeBytes: z.int(),
    /** One of the two: the result itself, or the file of the spool that holds it. */
    json: z.string().optional(),
    file: z.string().optional(),
    report: z.string().optional(),
  }),
  z.object({ type: z.literal('failed'), ...attempt, failure: failureShape, worker: z.string().optional(), report: z.string().optional() }),
  /** The scheduler forgot it: nobody's fault. */
  z.object({ type: z.literal('lost'), ...attempt, message: z.string() }),
  /** After a cancel: whether nothing of it runs any more. */
  z.object({ type: z.literal('stopped'), ...attempt, hasEnded: z.boolean(), message: z.string() }),
]);
export type BridgeEvent = z.infer<typeof bridgeEventShape>;

export const bridgeMessageShape = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), version: z.int(), versions: computeVersionsShape, window: z.int() }),
  z.object({ type: z.literal('events'), events: z.array(bridgeEventShape) }),
  z.object({ type: z.literal('answer'), call: z.int(), value: z.json().optional(), error: z.string().optional() }),
  z.object({ type: z.literal('fatal'), message: z.string() }),
]);
export type BridgeMessage = z.infer<typeof bridgeMessageShape>;

/** The cluster as Dask sees it now. */
export const bridgeInfoShape = z.object({
  workers: z.array(
    z.object({
      name: z.string(),
      address: z.string(),
      status: z.string(),
      threads: z.int(),
      memoryLimitBytes: z.int(),
      memoryBytes: z.int(),
      spilledBytes: z.int(),
      resources: z.record(z.string(), z.number()),
      running: z.int(),
      waiting: z.int(),
    }),
  ),
  /** How many tasks are in each of Dask's own states. */
  tasks: z.record(z.string(), z.int()),
});
export type BridgeInfo = z.infer<typeof bridgeInfoShape>;

/** One attempt of a task for Dask. */
export interface BridgeTask {
  readonly id: string;
  readonly attempt: number;
  /** `TYPE-UUID`: Dask keeps books by what stands before the hyphen, so nothing else may. */
  readonly key: string;
  /** JSON, for the worker alone. */
  readonly spec: string;
  readonly resources: Readonly<Record<string, number>>;
  readonly priority: number;
  /** Where a performance report is to be written. */
  readonly report?: string;
}

export interface Attempt {
  readonly id: string;
  readonly attempt: number;
}
