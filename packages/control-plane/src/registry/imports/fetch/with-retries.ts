import { isClusterError } from '@cluster-ai/contracts';
import { backoffMs, type Clock } from '@cluster-ai/runtime';

const MOST_FAILURES = 5;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 15_000;

/** Whether the same may work later: another system that is slow, gone, or busy. What it refuses, it refuses again. */
const isWorthRetrying = (error: unknown): boolean => isClusterError(error) && error.code === 'remote_failed';

export interface RetryOptions {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly random?: () => number;
  readonly signal: AbortSignal;
  readonly mostFailures?: number;
  /** Whether the last try brought something on; then the count of failures begins anew. */
  readonly hasProgressed?: () => boolean;
}

/** Tries again after growing, scattered pauses. */
export async function withRetries<T>(
  { clock, random = Math.random, signal, hasProgressed, mostFailures = MOST_FAILURES }: RetryOptions,
  work: () => Promise<T>,
): Promise<T> {
  for (let failures = 0; ; ) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      failures = hasProgressed?.() === true ? 1 : failures + 1;
      if (failures >= mostFailures || !isWorthRetrying(error)) throw error;
      await clock.sleep(backoffMs(failures - 1, FIRST_PAUSE_MS, LONGEST_PAUSE_MS) * (0.5 + random() / 2), signal);
    }
  }
}
