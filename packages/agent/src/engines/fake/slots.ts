/** So many may work at once; the others wait in the order of coming. */
export interface Slots {
  readonly busy: number;
  readonly queued: number;
  /** Resolves when there is room. Dispose the result to leave. Rejects with the signal's reason. */
  enter(signal: AbortSignal): Promise<Disposable>;
}

export function createSlots(count: number): Slots {
  let busy = 0;
  const waiting = new Set<() => void>();
  const leave = () => {
    busy--;
    const [next] = waiting;
    next?.();
  };
  const place = (): Disposable => {
    busy++;
    return { [Symbol.dispose]: leave };
  };
  return {
    get busy() {
      return busy;
    },
    get queued() {
      return waiting.size;
    },
    async enter(signal) {
      signal.throwIfAborted();
      if (busy < count) return place();
      const { promise, resolve, reject } = Promise.withResolvers<Disposable>();
      const admit = () => {
        waiting.delete(admit);
        resolve(place()); // counted at once, before anybody else can look
      };
      const onAbort = () => {
        if (waiting.delete(admit)) reject(signal.reason);
      };
      waiting.add(admit);
      signal.addEventListener('abort', onAbort, { once: true });
      return promise.finally(() => signal.removeEventListener('abort', onAbort));
    },
  };
}
