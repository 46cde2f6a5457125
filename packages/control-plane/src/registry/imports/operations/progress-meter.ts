import type { Clock } from '@cluster-ai/runtime';

const SMOOTHING_MS = 3000;
const SAMPLE_MS = 250;

export interface Progress {
  readonly bytesDone: number;
  readonly bytesTotal: number | null;
  readonly bytesPerSecond: number;
  readonly etaSeconds: number | null;
}

/**
 * How far something is. What was told once is never taken back: parts that have to be fetched again are not counted twice, and do not make the
 * bar go backwards. The speed is smoothed over some seconds, so that it can be read.
 */
export function createProgressMeter(clock: Pick<Clock, 'monotonic'>, bytesBefore = 0) {
  let done = bytesBefore;
  let total: number | null = null;
  let speed = 0;
  let sampledAt = clock.monotonic();
  let sampledBytes: number | undefined;

  function sample(actual: number): void {
    const now = clock.monotonic();
    if (sampledBytes === undefined) {
      sampledBytes = actual; // what was here already was not fetched now
      sampledAt = now;
      return;
    }
    const elapsedMs = now - sampledAt;
    if (elapsedMs < SAMPLE_MS) return;
    const current = (Math.max(0, actual - sampledBytes) / elapsedMs) * 1000;
    const weight = speed === 0 ? 1 : 1 - Math.exp(-elapsedMs / SMOOTHING_MS);
    speed += (current - speed) * weight;
    sampledAt = now;
    sampledBytes = actual;
  }

  return {
    setTotal(bytes: number | null): void {
      total = bytes;
    },
    /** All bytes that are here now. */
    report(actual: number): void {
      sample(actual);
      done = Math.max(done, total === null ? actual : Math.min(actual, total));
    },
    progress(): Progress {
      const isStill = clock.monotonic() - sampledAt > 4 * SMOOTHING_MS;
      const bytesPerSecond = isStill ? 0 : Math.round(speed);
      const left = total === null ? null : Math.max(0, total - done);
      return {
        bytesDone: done,
        bytesTotal: total,
        bytesPerSecond,
        etaSeconds: left === null || bytesPerSecond === 0 ? null : Math.ceil(left / bytesPerSecond),
      };
    },
  };
}
