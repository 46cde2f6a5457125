import type { Clock } from '@cluster-ai/runtime';

const LOOK_EVERY_MS = 1000;

interface Watched {
  readonly untilMs: number;
  readonly bark: () => void;
}

/** Deadlines for many requests at the price of one timer: it looks once a second, and only while something is watched. */
export function createWatchdog(clock: Clock) {
  const watched = new Set<Watched>();
  let isAwake = false;
  async function patrol(): Promise<void> {
    isAwake = true;
    while (watched.size > 0) {
      await clock.sleep(LOOK_EVERY_MS);
      for (const entry of [...watched]) {
        if (entry.untilMs > clock.monotonic()) continue;
        watched.delete(entry);
        entry.bark();
      }
    }
    isAwake = false;
  }
  return {
    /** Calls `bark` some time after `timeoutMs` unless the returned function was called before. */
    watch(timeoutMs: number, bark: () => void): () => void {
      const entry = { untilMs: clock.monotonic() + timeoutMs, bark };
      watched.add(entry);
      if (!isAwake) void patrol();
      return () => void watched.delete(entry);
    },
  };
}
export type Watchdog = ReturnType<typeof createWatchdog>;
