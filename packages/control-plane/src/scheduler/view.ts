import type { ReasonCode, State } from '@cluster-ai/contracts';

/** A machine as decisions see it. */
export interface NodeView {
  readonly id: string;
  readonly name: string;
  readonly state: State;
  readonly isLocal: boolean;
  /** All memory that its agent may use; 0 while unknown. */
  readonly memoryBytes: number;
  /** What is free right now by its own measurement; undefined while it has not measured. */
  readonly availableBytes: number | undefined;
  /** Digests of weights that it need not fetch. */
  readonly weights: ReadonlySet<string>;
}

/** A copy of a model on a node: reported by its agent, or just ordered. */
export interface ReplicaView {
  readonly replicaId: string;
  readonly nodeId: string;
  readonly digest: string;
  readonly state: State;
  /** What it will hold once it is loaded, by our estimate. */
  readonly requiredBytes: number;
  /** What it holds already. */
  readonly residentBytes: number;
  readonly inFlight: number;
  readonly lastUsedMs: number;
  /** It has been loading for too long without getting any further. */
  readonly isStuck: boolean;
  /** It was ordered to stop and is on its way out. */
  readonly isLeaving: boolean;
}

/** How many copies of some weights somebody wants. */
export interface WishView {
  readonly digest: string;
  /** The reference, for people. */
  readonly model: string;
  readonly replicas: number;
  readonly requiredBytes: number;
  /** Configured models stay: they are never evicted and never expire. */
  readonly isConfigured: boolean;
  /** Requests that wait for a first copy. */
  readonly waiting: number;
  readonly inFlight: number;
  /** When it lapses unless somebody asks again; undefined: it stays. */
  readonly expiresAtMs: number | undefined;
}

/** What the last try to run some weights came to. */
export interface FailureView {
  readonly digest: string;
  readonly nodeId: string;
  readonly retryAtMs: number;
  /** The same try would fail the same way: it is repeated only when somebody asks. */
  readonly isLasting: boolean;
}

/** The picture of the world that decisions are made from. */
export interface ClusterView {
  readonly nowMs: number;
  /** Too many nodes seem dead at once: perhaps it is us. Nothing is placed anew meanwhile. */
  readonly isSuspect: boolean;
  /** We have just started and not every node has told us yet what it runs. */
  readonly isSettling: boolean;
  readonly nodes: readonly NodeView[];
  readonly wishes: readonly WishView[];
  readonly replicas: readonly ReplicaView[];
  readonly failures: readonly FailureView[];
}

export type Action =
  /** Its keep-alive is over, or its room is needed: nobody wants these weights until somebody asks again. */
  | { readonly type: 'drop-wish'; readonly digest: string; readonly reason: ReasonCode }
  | { readonly type: 'start-replica'; readonly digest: string; readonly nodeId: string; readonly why: string }
  | {
      readonly type: 'stop-replica';
      readonly replicaId: string;
      readonly nodeId: string;
      readonly reason: ReasonCode;
      readonly why: string;
    };

/** Nodes whose replicas cannot be counted on. `degraded` is not among them: it comes back by itself. */
const lostStates: readonly State[] = ['unreachable', 'stopped', 'failed', 'asleep'];
export const isLost = (state: State): boolean => lostStates.includes(state);

/** Whether a replica occupies memory on its node. */
export const holdsMemory = (replica: ReplicaView): boolean => replica.state !== 'failed' && replica.state !== 'stopped';
