import type { Clock } from '@cluster-ai/runtime';

/** After this time another try is allowed: the engine may have died for want of memory and not because of the file. */
const FORGET_AFTER_MS = 10 * 60_000;

/** How often an engine died while it loaded certain bytes, counted for the whole node: another replica of the same file dies as well. */
export interface LoadCrashes {
  count(digest: string): number;
  add(digest: string): void;
  forget(digest: string): void;
}

export function createLoadCrashes(clock: Clock): LoadCrashes {
  const crashes = new Map<string, { count: number; lastAt: number }>();
  const count = (digest: string) => {
    const known = crashes.get(digest);
    if (!known) return 0;
    if (clock.monotonic() - known.lastAt < FORGET_AFTER_MS) return known.count;
    crashes.delete(digest);
    return 0;
  };
  return {
    count,
    add: (digest) => void crashes.set(digest, { count: count(digest) + 1, lastAt: clock.monotonic() }),
    forget: (digest) => void crashes.delete(digest),
  };
}
