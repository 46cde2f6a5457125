import type { WireError } from '@cluster-ai/contracts';
import type { EngineFacts, EngineStats } from '../engine.ts';

/** From the agent to the fake engine's process, once. */
export interface StartMessage {
  readonly path: string;
  readonly socketPath: string;
  readonly parallel: number | undefined;
  readonly contextSize: number | undefined;
}

/** What the process tells the agent. */
export type ChildMessage =
  | { readonly type: 'progress'; readonly progress: number }
  | { readonly type: 'ready'; readonly facts: EngineFacts }
  | { readonly type: 'failed'; readonly error: WireError }
  | { readonly type: 'stats'; readonly stats: EngineStats };
