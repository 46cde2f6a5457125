export interface Turns {
  /** Resolves when all who came before are done. Rejects with the signal's reason. Dispose the result to let the next one in. */
  take(signal: AbortSignal): Promise<Disposable>;
}

/** Lets one in at a time, in the order of coming. */
export function createTurns(): Turns {
  let last: Promise<void> = Promise.resolve();
  return {
    async take(signal) {
      const before = last;
      const mine = Promise.withResolvers<void>();
      last = before.then(() => mine.promise); // also when we leave early: whoever comes next still waits for those before us
      const aborted = Promise.withResolvers<never>();
      const onAbort = () => aborted.reject(signal.reason);
      if (signal.aborted) onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        await Promise.race([before, aborted.promise]);
        return { [Symbol.dispose]: () => mine.resolve() };
      } catch (error) {
        mine.resolve();
        throw error;
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
    },
  };
}
