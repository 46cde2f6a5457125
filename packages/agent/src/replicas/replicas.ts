import type { ReplicaReport, ReplicaSpec } from '@cluster-ai/contracts';
import type { EngineEndpoint } from '../engines/engine.ts';

/** The replicas of this node: what was ordered, what runs, what failed and why. */
export interface Replicas extends AsyncDisposable {
  list(): readonly ReplicaReport[];
  /** Accepts the order and returns at once; the report then changes as weights are fetched, checked and loaded. Throws `stale_order`. */
  put(spec: ReplicaSpec): ReplicaReport;
  /** Resolves when its process is gone; `undefined` for an unknown id. Throws `stale_order`. */
  delete(replicaId: string, fence: number): Promise<ReplicaReport | undefined>;
  /** Where to send a request. Throws `model_loading` or `model_failed` with the reason, `node_lost` for an unknown id. */
  endpoint(replicaId: string): EngineEndpoint;
  /** Called on every change; `undefined` report: the replica is gone. Returns the way to stop listening. */
  onChange(listener: (replicaId: string, report: ReplicaReport | undefined) => void): () => void;
}
