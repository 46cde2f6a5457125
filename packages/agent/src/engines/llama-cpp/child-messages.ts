import type { EngineOptions, WireError } from '@cluster-ai/contracts';
import type { EngineFacts } from '../engine.ts';

/** What the agent tells the engine's process, once. */
export interface StartMessage {
  readonly type: 'start';
  readonly path: string;
  readonly socketPath: string;
  readonly options: EngineOptions;
  /** Bytes to stay within; measured when left out. */
  readonly availableMemoryBytes: number | undefined;
}

export interface StatsMessage {
  readonly type: 'stats';
  readonly busySlots: number;
  readonly queued: number;
  readonly tokensPerSecond: number;
  readonly memoryBytes: number;
  /** How long the computation that runs now has been running. */
  readonly computingMs: number;
}

/** What the engine's process tells the agent. Stats come once a second from its first moment on: their absence means that it hangs. */
export type ChildMessage =
  | { readonly type: 'progress'; readonly progress: number }
  | { readonly type: 'ready'; readonly facts: EngineFacts }
  | { readonly type: 'failed'; readonly error: WireError }
  | StatsMessage;

/** The engine's process is started with this: the order of decodes and samples rests on a pool of one thread (see addon-decoder.ts). */
export const oneThreadEnvironment = { UV_THREADPOOL_SIZE: '1' } as const;
