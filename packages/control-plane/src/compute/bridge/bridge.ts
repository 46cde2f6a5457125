import type { ComputeVersions, Condition } from '@cluster-ai/contracts';
import type { Attempt, BridgeEvent, BridgeInfo, BridgeTask } from './messages.ts';

/** What a running bridge is connected by; another one after each loss. */
export interface BridgeConnection {
  readonly versions: ComputeVersions;
  /** As many tasks may be under way at once. */
  readonly window: number;
}

export interface BridgeListener {
  /** A fresh bridge: it knows of no task. */
  readonly onConnected: (connection: BridgeConnection) => void;
  readonly onEvents: (events: readonly BridgeEvent[]) => void;
  /** It is gone, with everything that was under way. */
  readonly onLost: () => void;
}

/**
 * The way to Dask's scheduler. What it is told while it is away is lost: `submit` and `cancel` say so by `false`, `call`s reject with
 * `compute_unavailable`.
 */
export interface Bridge {
  condition(): Condition;
  /** Of its process, while there is one. */
  pid(): number | undefined;
  connection(): BridgeConnection | undefined;
  submit(tasks: readonly BridgeTask[]): boolean;
  /** Ends them wherever they run; a `stopped` event of each follows. */
  cancel(attempts: readonly Attempt[]): boolean;
  info(): Promise<BridgeInfo>;
  /** Takes workers out, by name: they hand over what they hold first. */
  retire(names: readonly string[]): Promise<readonly string[]>;
  /** What tasks may call by name in these Python files, as a worker reads them. */
  functions(files: readonly unknown[]): Promise<unknown>;
  /** Keeps one running until the signal aborts. */
  run(listener: BridgeListener, signal: AbortSignal): Promise<void>;
}
