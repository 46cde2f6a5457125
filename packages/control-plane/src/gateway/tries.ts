import { type ErrorCode, isClusterError } from '@cluster-ai/contracts';
import type { ReadyReplica } from './replica-index.ts';
import type { RetryBudget } from './retry-budget.ts';

/** How often a request is sent again in all, before its first byte and after it: a prompt that ends every engine ends three and no more. */
const MOST_RETRIES = 2;
/** A replica that just failed a request is asked again after this, unless it was started anew meanwhile. */
const AVOID_MS = 1000;

/** Failures that another replica, or the same one started anew, need not share. */
const passing: readonly ErrorCode[] = ['engine_crashed', 'node_lost', 'node_unreachable', 'stale_order', 'model_loading', 'shutting_down'];

export const isPassing = (error: unknown): boolean => isClusterError(error) && passing.includes(error.code);

/** What one request went through: how often it was tried, and which replicas failed it. */
export function createTries(monotonic: () => number) {
  const avoided = new Map<string, { readonly readySince: string; readonly untilMs: number }>();
  let retries = 0;
  return {
    get areSpent(): boolean {
      return retries >= MOST_RETRIES;
    },
    /** Whether there is one more try after this error; if so it is paid for. */
    allow(error: unknown, budget: RetryBudget): boolean {
      if (!isPassing(error) || retries >= MOST_RETRIES || !budget.withdraw()) return false;
      retries += 1;
      return true;
    },
    /** Passes a replica over for a while. */
    avoid({ replicaId, readySince }: ReadyReplica): void {
      avoided.set(replicaId, { readySince, untilMs: monotonic() + AVOID_MS });
    },
    /** Without those that are passed over. */
    among(replicas: readonly ReadyReplica[]): readonly ReadyReplica[] {
      if (avoided.size === 0) return replicas;
      return replicas.filter(({ replicaId, readySince }) => {
        const entry = avoided.get(replicaId);
        return entry === undefined || entry.readySince !== readySince || entry.untilMs <= monotonic();
      });
    },
  };
}
export type Tries = ReturnType<typeof createTries>;
