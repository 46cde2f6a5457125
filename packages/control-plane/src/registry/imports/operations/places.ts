/** Room for some at a time; the others wait in the order in which they came. */
export interface Places {
  /** Resolves when there is room, which disposing gives back. Rejects with the signal's reason. */
  take(signal: AbortSignal): Promise<Disposable>;
}

export function createPlaces(count: number): Places {
  let free = count;
  const waiting: (() => void)[] = [];
  const give = () => {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  };

  function waitForRoom(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        waiting.splice(waiting.indexOf(enter), 1);
        reject(signal.reason as Error);
      };
      waiting.push(enter);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  return {
    async take(signal) {
      signal.throwIfAborted();
      if (free > 0) free--;
      else await waitForRoom(signal);
      return { [Symbol.dispose]: give };
    },
  };
}
