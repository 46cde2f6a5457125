import { ClusterError, type ErrorCode } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';

const LOOK_EVERY_MS = 100;

export interface WaitDeps {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** What is thrown when the time is over: the code, and what was waited for. */
  readonly otherwise: { readonly code: ErrorCode; readonly message: string; readonly hint: string };
}

/** Looks until there is something, at most `timeoutMs`. Throws `otherwise` when the time is over. */
export async function waitUntil<T>(look: () => Promise<T | undefined>, { clock, timeoutMs, signal, otherwise }: WaitDeps): Promise<T> {
  const until = clock.monotonic() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (clock.monotonic() >= until) throw new ClusterError(otherwise.code, otherwise.message, { hint: otherwise.hint });
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}
