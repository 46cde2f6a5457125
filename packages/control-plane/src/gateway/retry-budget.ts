const REFILL_PER_SECOND = 1;

interface BudgetOptions {
  /** What each request pays in. */
  readonly share: number;
  /** So that a cluster with little traffic may retry at all; it refills with time. */
  readonly reserve: number;
  readonly most: number;
}

/** Before the first byte: a fifth of recent requests. Whoever was failed so early asks again by itself, and often. */
export const retryShare: BudgetOptions = { share: 0.2, reserve: 10, most: 100 };
/**
 * After it: as many as recent requests. These are answers that the cluster has promised and partly given, and a node that goes takes all of its own
 * with it at once; but a cluster in which everything breaks again and again does at most its work twice.
 */
export const continuationShare: BudgetOptions = { share: 1, reserve: 10, most: 1000 };

/**
 * How many retries the cluster can still afford: each request pays its share in, each retry takes one out, so that a cluster that fails is not hit by
 * a storm of its own retries.
 */
export function createRetryBudget(monotonic: () => number, { share, reserve, most }: BudgetOptions = retryShare) {
  let tokens = reserve;
  let refilledAt = monotonic();
  const refill = () => {
    const now = monotonic();
    if (tokens < reserve) tokens = Math.min(reserve, tokens + ((now - refilledAt) / 1000) * REFILL_PER_SECOND);
    refilledAt = now;
  };
  return {
    deposit(): void {
      tokens = Math.min(most, tokens + share);
    },
    /** Whether one more retry may be made now. */
    withdraw(): boolean {
      refill();
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
export type RetryBudget = ReturnType<typeof createRetryBudget>;
