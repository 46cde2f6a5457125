/** Callers of the same work at the same time share it: it goes on as long as one of them waits. */
export interface SharedWork<Result, Progress> {
  run(
    key: string,
    work: (onProgress: (progress: Progress) => void, signal: AbortSignal) => Promise<Result>,
    onProgress: (progress: Progress) => void,
    signal: AbortSignal,
  ): Promise<Result>;
}

interface Job<Result, Progress> {
  readonly result: Promise<Result>;
  readonly listeners: Set<(progress: Progress) => void>;
  readonly controller: AbortController;
}

export function createSharedWork<Result, Progress>(): SharedWork<Result, Progress> {
  const jobs = new Map<string, Job<Result, Progress>>();

  const start: (key: string, work: Parameters<SharedWork<Result, Progress>['run']>[1]) => Job<Result, Progress> = (key, work) => {
    const listeners = new Set<(progress: Progress) => void>();
    const controller = new AbortController();
    const tell = (progress: Progress) => {
      for (const listener of listeners) listener(progress);
    };
    const result = work(tell, controller.signal).finally(() => {
      if (jobs.get(key)?.controller === controller) jobs.delete(key);
    });
    result.catch(() => {}); // whoever waits hears of it; nobody may wait any more
    const job = { result, listeners, controller };
    jobs.set(key, job);
    return job;
  };

  return {
    async run(key, work, onProgress, signal) {
      signal.throwIfAborted();
      const job = jobs.get(key) ?? start(key, work);
      const listener = (progress: Progress) => onProgress(progress); // its own identity, even when two callers pass the same function
      job.listeners.add(listener);
      const left = Promise.withResolvers<never>();
      const onAbort = () => left.reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        return await Promise.race([job.result, left.promise]);
      } finally {
        signal.removeEventListener('abort', onAbort);
        job.listeners.delete(listener);
        if (job.listeners.size === 0) {
          job.controller.abort(signal.reason);
          if (jobs.get(key) === job) jobs.delete(key);
        }
      }
    },
  };
}
