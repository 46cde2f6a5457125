/** Work on the same thing runs one after the other; on different things side by side. */
export function createOneAtATime() {
  const last = new Map<string, Promise<unknown>>();
  return async function oneAtATime<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const before = last.get(key);
    const run = (async () => {
      await before?.catch(() => {});
      signal.throwIfAborted();
      return work();
    })();
    last.set(key, run);
    try {
      return await run;
    } finally {
      if (last.get(key) === run) last.delete(key);
    }
  };
}
