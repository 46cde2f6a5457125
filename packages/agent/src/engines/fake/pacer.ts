/** Many rows of events in even steps, driven by one timer. */
export interface Pacer {
  /** Calls `emit` for 0, 1, 2, … `count - 1`: the first after `firstMs`, the others `everyMs` apart. Rejects with the signal's reason. */
  run(row: PacedRow, signal: AbortSignal): Promise<void>;
}

interface PacedRow {
  readonly count: number;
  readonly firstMs: number;
  readonly everyMs: number;
  readonly emit: (index: number) => void;
  /** While true the row stands still and loses no event. */
  readonly isHeld: () => boolean;
}

interface Track {
  readonly row: PacedRow;
  readonly finish: () => void;
  firstAtMs: number;
  emitted: number;
}

const TICK_MS = 10;

/** One timer for all rows, and none while nothing runs: a hundred streams cost hardly more than one. */
export function createPacer(now: () => number = () => performance.now()): Pacer {
  const tracks = new Set<Track>();
  let timer: NodeJS.Timeout | undefined;
  let lastTickMs = 0;

  const advance = (track: Track, nowMs: number, sinceLastMs: number) => {
    const { row } = track;
    if (row.isHeld()) {
      track.firstAtMs += sinceLastMs;
      return;
    }
    const due = Math.min(row.count, Math.floor((nowMs - track.firstAtMs) / row.everyMs) + 1);
    while (track.emitted < due) row.emit(track.emitted++);
    if (track.emitted >= row.count) track.finish();
  };

  const tick = () => {
    const nowMs = now();
    for (const track of tracks) advance(track, nowMs, nowMs - lastTickMs);
    lastTickMs = nowMs;
  };

  const remove = (track: Track) => {
    tracks.delete(track);
    if (tracks.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };

  return {
    run: (row, signal) =>
      new Promise<void>((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const onAbort = () => {
          remove(track);
          reject(signal.reason);
        };
        const finish = () => {
          remove(track);
          signal.removeEventListener('abort', onAbort);
          resolve();
        };
        const track: Track = { row, finish, firstAtMs: now() + row.firstMs, emitted: 0 };
        signal.addEventListener('abort', onAbort, { once: true });
        tracks.add(track);
        if (timer === undefined) {
          lastTickMs = now();
          timer = setInterval(tick, TICK_MS);
        }
      }),
  };
}
