import { setTimeout as sleepFor } from 'node:timers/promises';

/** Time as a dependency. `now` is epoch milliseconds; `monotonic` only moves forward, for measuring. */
export interface Clock {
  now(): number;
  monotonic(): number;
  /** Rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    await sleepFor(ms, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
      throw signal?.aborted === true ? signal.reason : error;
    });
  },
};

interface Sleeper {
  readonly wakeAt: number;
  readonly wake: () => void;
}

/** A clock that moves only when told. Sleepers wake in the order of their times. */
export function createManualClock(startMs = 1_700_000_000_000): Clock & { advance(ms: number): Promise<void> } {
  let nowMs = startMs;
  let sleepers: Sleeper[] = [];
  const settle = async () => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  return {
    now: () => nowMs,
    monotonic: () => nowMs - startMs,
    sleep: (ms, signal) =>
      new Promise<void>((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const sleeper = { wakeAt: nowMs + ms, wake: resolve };
        sleepers.push(sleeper);
        signal?.addEventListener('abort', () => {
          sleepers = sleepers.filter((other) => other !== sleeper);
          reject(signal.reason);
        });
      }),
    async advance(ms) {
      await settle(); // let whoever is about to sleep fall asleep at the old time
      const until = nowMs + ms;
      for (;;) {
        const next = sleepers.filter((sleeper) => sleeper.wakeAt <= until).sort((a, b) => a.wakeAt - b.wakeAt)[0];
        if (!next) break;
        nowMs = Math.max(nowMs, next.wakeAt);
        sleepers = sleepers.filter((sleeper) => sleeper !== next);
        next.wake();
        await settle();
      }
      nowMs = until;
      await settle();
    },
  };
}
