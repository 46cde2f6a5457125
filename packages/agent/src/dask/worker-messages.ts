import { computeVersionsShape, type WorkerSpec } from '@cluster-ai/contracts';
import { z } from 'zod';

/** What `python -m cluster_ai.worker` says. */
export const workerMessageShape = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), versions: computeVersionsShape, sandbox: z.string().nullable(), address: z.string() }),
  /** Its nanny started a dead worker again. */
  z.object({ type: z.literal('restarted'), restarts: z.int() }),
  z.object({ type: z.literal('retired'), isHandedOver: z.boolean() }),
  z.object({ type: z.literal('failed'), code: z.enum(['python_differs', 'no_sandbox', 'worker_crashed']), message: z.string() }),
]);
export type WorkerMessage = z.infer<typeof workerMessageShape>;
export type WorkerFailure = Extract<WorkerMessage, { readonly type: 'failed' }>;

/** The one line that it is started with. */
export interface WorkerConfiguration extends Omit<WorkerSpec, 'fence' | 'lock'> {
  readonly scratch: string;
  /** Must be out of reach of tasks, whatever else they may use. */
  readonly forbidden: readonly string[];
  /** Files that tasks may read beside those of Python and the system. */
  readonly readable: readonly string[];
  /** `wanted`: where it cannot be had, the worker runs without. */
  readonly sandbox: 'required' | 'wanted';
  /** The program Node.js. */
  readonly node: string;
  readonly blobs: { readonly url: string; readonly token: string };
}
