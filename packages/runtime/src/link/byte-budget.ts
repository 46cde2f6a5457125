/** How many bytes may be under way at once. */
export interface ByteBudget {
  /** Waits, in order, for room. Returns the way to give the bytes back; rejects with the signal's reason. */
  take(bytes: number, signal: AbortSignal): Promise<() => void>;
}

interface Waiting {
  readonly bytes: number;
  readonly start: () => void;
}

/** One piece larger than the whole budget goes alone. */
export function createByteBudget(limitBytes: number): ByteBudget {
  let taken = 0;
  const waiting: Waiting[] = [];

  const fits = (bytes: number) => taken === 0 || taken + bytes <= limitBytes;
  const startNext = () => {
    for (let next = waiting[0]; next !== undefined && fits(next.bytes); next = waiting[0]) {
      waiting.shift();
      next.start();
    }
  };
  const hold = (bytes: number) => {
    taken += bytes;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      taken -= bytes;
      startNext();
    };
  };

  return {
    take(bytes, signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      if (waiting.length === 0 && fits(bytes)) return Promise.resolve(hold(bytes));
      return new Promise((resolve, reject) => {
        const onAbort = () => {
          waiting.splice(waiting.indexOf(entry), 1);
          reject(signal.reason);
          startNext(); // whoever stood behind a large piece may fit now
        };
        const entry = {
          bytes,
          start: () => {
            signal.removeEventListener('abort', onAbort);
            resolve(hold(bytes));
          },
        };
        signal.addEventListener('abort', onAbort, { once: true });
        waiting.push(entry);
      });
    },
  };
}
