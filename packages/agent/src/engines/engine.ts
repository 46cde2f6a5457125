import type { Capability, EngineKind, EngineOptions, Sentence } from '@cluster-ai/contracts';

/** Where a running engine listens: a Unix socket that speaks HTTP/1.1 in the dialect of contracts' inference.ts. Never a port. */
export interface EngineEndpoint {
  readonly socketPath: string;
}

/** What one replica is started with. The weights are checked and lie at `path`. */
export interface EngineSpec {
  readonly replicaId: string;
  readonly path: string;
  /** A folder of its own for the socket, removed afterwards. */
  readonly runFolder: string;
  readonly options: EngineOptions;
}

/** What became of the wishes, and what the model can do. */
export interface EngineFacts {
  readonly capabilities: readonly Capability[];
  readonly contextSize: number;
  readonly parallel: number;
  readonly threads: number;
  readonly embeddingLength: number | null;
  readonly loadMs: number;
}

export interface EngineStats {
  readonly busySlots: number;
  readonly queued: number;
  readonly tokensPerSecond: number;
  readonly memoryBytes: number;
}

export interface EngineExit {
  readonly isWanted: boolean;
  /** For people: "The engine aborted (signal SIGABRT).", with the last lines of the engine's own log. */
  readonly message: Sentence;
}

export interface RunningEngine extends AsyncDisposable {
  readonly endpoint: EngineEndpoint;
  readonly facts: EngineFacts;
  /** Settles when the process ends, whoever ended it. Never rejects. */
  readonly exited: Promise<EngineExit>;
  /** The last numbers that the engine told us; it tells them about once a second. */
  stats(): EngineStats;
}

export interface StartHooks {
  /** 0 to 1 while the weights load. */
  readonly onProgress: (progress: number) => void;
}

/** One inference runtime that can serve a model on this node. */
export interface Engine {
  readonly kind: EngineKind;
  /** Says whether the runtime is installed here; `undefined` means "not on this node". */
  detect(signal: AbortSignal): Promise<{ readonly version: string } | undefined>;
  /**
   * Resolves once the model has generated a token. Disposing the result frees its memory.
   * Throws ClusterError `invalid_model_file`, `unsupported_feature`, `not_enough_memory`, `engine_crashed` or `engine_timeout`, with a reason for people.
   */
  start(spec: EngineSpec, hooks: StartHooks, signal: AbortSignal): Promise<RunningEngine>;
}
