import type { ComputeVersions, Condition } from '@cluster-ai/contracts';
import type { PythonSources } from '@cluster-ai/runtime';

/** The Python that workers run in, set up on first use: what is needed of runtime's `PythonEnvironment`. */
export interface WorkerEnvironment {
  condition(): Condition;
  /** 0 to 1 while it is being set up. */
  progress(): number | null;
  /** Rejects with the signal's reason only; until then it is tried again. */
  ensure(signal: AbortSignal): Promise<ReadyEnvironment>;
  onChange(listener: () => void): () => void;
}

export interface ReadyEnvironment {
  readonly python: string;
  readonly versions: ComputeVersions;
  readonly lock: string;
  readonly sources: PythonSources;
}

/** An environment of this minor version of Python. */
export type OpenEnvironment = (minor: string) => WorkerEnvironment;
