const SHARE = 0.2; // of recent requests
const RESERVE = 10; // so that a cluster with little traffic may retry at all
const MOST = 100;
const REFILL_PER_SECOND = 1;

/**
 * How many retries the cluster can still afford: each request pays a fifth of one in, each retry takes one out, so that a cluster that fails
 * is not hit by a storm of its own retries. A small reserve refills with time.
 */
export function createRetryBudget(monotonic: () => number) {
  let tokens = RESERVE;
  let refilledAt = monotonic();
  const refill = () => {
    const now = monotonic();
    if (tokens < RESERVE) tokens = Math.min(RESERVE, tokens + ((now - refilledAt) / 1000) * REFILL_PER_SECOND);
    refilledAt = now;
  };
  return {
    deposit(): void {
      tokens = Math.min(MOST, tokens + SHARE);
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
