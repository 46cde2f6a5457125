import { blobWindowBytes, type Clock } from '@cluster-ai/runtime';

/**
 * Weights give way to tokens: while this node generates, a fetch takes a share of what the path gives, so that no queue of weights stands before
 * the tokens on a slow line. What the path gives is what came when nothing held it back.
 */
export interface FetchPace {
  /** One connection that weights come on. `setWindow`: how many bytes may be under way on it before they were read. */
  open(setWindow?: (bytes: number) => void): Flow;
}

interface Flow {
  /** So many bytes have come. Resolves when the next ones may be read; rejects with the signal's reason. */
  passed(bytes: number, signal: AbortSignal): Promise<void>;
}

export interface PaceDeps {
  readonly clock: Clock;
  /** Whether tokens flow to or from this node right now. */
  readonly isBusy: () => boolean;
}

const SHARE = 0.7;
/** How long bytes are counted before they say how fast the path is. */
const MEASURE_MS = 250;
/** While held back, the path is let go this often for one measurement: it may have become faster. */
const MEASURE_AGAIN_MS = 10_000;
const LOOK_EVERY_MS = 20;
/** A burst is at most what the share carries in this time, so that tokens wait no longer than that. */
const BURST_MS = 50;
const NARROWEST_WINDOW = 32 * 1024;

/** The window for a path while it is held back. The sender goes on when half of it was read: that half is the burst. */
export const toWindow = (bytesPerMs: number): number =>
  Math.round(Math.min(blobWindowBytes, Math.max(NARROWEST_WINDOW, 2 * BURST_MS * bytesPerMs * SHARE)));

function createFlow({ clock, isBusy }: PaceDeps, setWindow: (bytes: number) => void = () => {}): Flow {
  let isHeld = false;
  let sinceMs = clock.monotonic();
  let bytesSince = 0;
  let bytesPerMs = 0;

  let wasBusy = false;
  let lookedAtMs = Number.NEGATIVE_INFINITY;

  /** Bytes come many thousand times a second on a fast path: nobody is asked that often. */
  const isBusyNow = () => {
    if (clock.monotonic() - lookedAtMs < LOOK_EVERY_MS) return wasBusy;
    lookedAtMs = clock.monotonic();
    wasBusy = isBusy();
    return wasBusy;
  };
  const begin = (held: boolean) => {
    if (held !== isHeld) setWindow(held ? toWindow(bytesPerMs) : blobWindowBytes);
    isHeld = held;
    sinceMs = clock.monotonic();
    bytesSince = 0;
  };
  const choose = () => {
    const elapsedMs = clock.monotonic() - sinceMs;
    if (isHeld) {
      if (!isBusyNow() || elapsedMs > MEASURE_AGAIN_MS) begin(false);
    } else if (isBusyNow() && elapsedMs >= MEASURE_MS) {
      bytesPerMs = bytesSince / elapsedMs;
      begin(true);
    } else if (elapsedMs > 4 * MEASURE_MS) begin(false); // what is measured is kept young, for the moment when tokens come
  };

  return {
    async passed(bytes, signal) {
      bytesSince += bytes;
      choose();
      if (!isHeld) return;
      const waitMs = sinceMs + bytesSince / (bytesPerMs * SHARE) - clock.monotonic();
      if (waitMs >= 1) await clock.sleep(waitMs, signal);
    },
  };
}

export const createFetchPace = (deps: PaceDeps): FetchPace => ({ open: (setWindow) => createFlow(deps, setWindow) });

/** For whoever has no tokens to protect. */
export const unpaced: FetchPace = { open: () => ({ passed: async () => {} }) };
