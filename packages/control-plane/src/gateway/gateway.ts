import type { Readable } from 'node:stream';
import type { Condition, EngineOptions, InferencePath, InferenceUsage, ReplicaReport } from '@cluster-ai/contracts';
import type { Caller } from '../access/caller.ts';
import type { ResolvedModel } from '../registry/registry.ts';

/** One inference request, already in the dialect of inference.ts. The body is forwarded as it is. */
export interface InferenceCall {
  /** Who asks; absent for the cluster itself. Decides which models may be used, and is charged with the tokens. */
  readonly caller?: Caller | undefined;
  readonly path: InferencePath;
  /** A model reference; empty means the default model. */
  readonly model: string;
  readonly body: Uint8Array;
  readonly requestId: string;
  /** Seconds to stay loaded afterwards; the configured time when left out, -1 for ever, 0 not at all. */
  readonly keepAliveSeconds?: number;
  /** For a replica that has to be started for this call, for example Ollama's `num_ctx`. */
  readonly engineOptions?: EngineOptions;
  /** Told while nothing can be answered yet: which state, why, how far. */
  readonly onWaiting?: (condition: Condition) => void;
  /** The caller went away, or does not want it any more. */
  readonly signal: AbortSignal;
}

/** An answer that has begun. When its replica is lost, another one goes on with it where that can be done. */
export interface InferenceAnswer {
  /** 200: every failure before the first byte is thrown as a ClusterError. */
  readonly status: number;
  readonly contentType: string;
  /** A stream of events comes in whole events. One that broke for good is destroyed with a ClusterError. */
  readonly body: Readable;
  /** Who answers now: another one after a break. */
  readonly node: { readonly id: string; readonly name: string };
  readonly replicaId: string;
  readonly model: ResolvedModel;
  /** Settles when the body ended; `undefined` when it broke before. Never rejects. */
  readonly usage: Promise<InferenceUsage | undefined>;
}

export interface RunningModel {
  readonly model: ResolvedModel;
  readonly nodeId: string;
  readonly nodeName: string;
  readonly replica: ReplicaReport;
  /** Epoch milliseconds; undefined: stays. */
  readonly expiresAtMs: number | undefined;
}

/** Serves one inference request: finds or starts a replica, calls it, streams, retries before the first byte, continues after it. */
export interface Gateway {
  serve(call: InferenceCall): Promise<InferenceAnswer>;
  /** Resolves when a replica answers. */
  load(
    model: string,
    options: {
      /** Who wants it; absent for the cluster itself. */
      readonly caller?: Caller | undefined;
      readonly keepAliveSeconds?: number;
      readonly engineOptions?: EngineOptions;
      readonly signal: AbortSignal;
    },
  ): Promise<RunningModel>;
  /** Stops all replicas of the model; nothing when none runs. */
  unload(model: string): Promise<void>;
  running(): readonly RunningModel[];
  /** What runs or is meant to run: all others are asleep. */
  wanted(): readonly ResolvedModel[];
  /** ready, starting with progress, asleep/not_loaded, failed with the reason of the last try. */
  conditionOf(model: ResolvedModel): Condition;
  /** Requests under way, requests that wait, tokens per second of the last seconds over all models. */
  measure(): { readonly active: number; readonly queued: number; readonly tokensPerSecond: number };
}
