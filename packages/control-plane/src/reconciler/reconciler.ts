import type { Condition, ReasonCode } from '@cluster-ai/contracts';
import type { Deployments } from './deployments.ts';

/** How it stands with weights that do not answer yet. */
export interface Outlook {
  readonly condition: Condition;
  /** No use in waiting: nothing will change by itself soon. */
  readonly isFinal: boolean;
  readonly progress: number | null;
  readonly nodeName: string | null;
}

/** Keeps the right replicas running: looks at what the nodes report, compares it with the wishes, and gives orders. */
export interface Reconciler {
  readonly deployments: Deployments;
  /** Requests under way per replica: whoever is busy is not stopped. */
  readonly inFlight: Map<string, number>;
  /** Works until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** A wish changed: look now instead of at the next tick. */
  wake(): void;
  /** Nobody wants these weights any more: idle copies stop now, busy ones when they are done. */
  dismiss(digest: string, reason: ReasonCode): void;
  /** Why these weights do not answer (yet). */
  outlook(digest: string): Outlook;
  /** Whether a replica was ordered to stop: no new request should go there. */
  isLeaving(replicaId: string): boolean;
  /** Called after every look. Returns the way to stop listening. */
  onLooked(listener: () => void): () => void;
}
