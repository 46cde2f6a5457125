/** Lets one through at a time, in the order in which they came. */
export interface Turns {
  /** Resolves when it is the caller's turn; call what it gives to let the next one through. */
  take(): Promise<() => void>;
}

export function createTurns(): Turns {
  let last: Promise<void> = Promise.resolve();
  return {
    async take() {
      const { promise, resolve } = Promise.withResolvers<void>();
      const before = last;
      last = promise;
      await before;
      return resolve;
    },
  };
}
