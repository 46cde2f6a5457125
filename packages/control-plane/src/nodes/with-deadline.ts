import type { Clock } from '@cluster-ai/runtime';

/** Runs `work` with a signal that aborts after `ms` of the clock. */
export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  const done = new AbortController();
  clock.sleep(ms, AbortSignal.any([signal, done.signal])).then(
    () => deadline.abort(new Error(`No answer within ${ms} ms`)),
    () => {}, // done in time, or nobody waits any more
  );
  try {
    return await work(AbortSignal.any([signal, deadline.signal]));
  } finally {
    done.abort();
  }
}
