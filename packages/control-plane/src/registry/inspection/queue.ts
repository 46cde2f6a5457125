import { ClusterError } from '@cluster-ai/contracts';

interface Waiting {
  /** With or without a place. */
  readonly go: (hasPlace: boolean) => void;
}

/** Runs so many pieces of work at once; the others wait in the order in which they came. */
export function createQueue(parallel: number) {
  const waiting: Waiting[] = [];
  let running = 0;

  /** A place goes straight to whoever waits longest, so that nobody who comes later takes it. */
  function leave(): void {
    const next = waiting.shift();
    if (next) next.go(true);
    else running--;
  }

  function wait(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const drop = () => {
        waiting.splice(waiting.indexOf(entry), 1);
        resolve(false);
      };
      const go = (hasPlace: boolean) => {
        signal.removeEventListener('abort', drop);
        resolve(hasPlace);
      };
      const entry: Waiting = { go };
      waiting.push(entry);
      signal.addEventListener('abort', drop, { once: true });
    });
  }

  async function enter(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    if (running >= parallel) return wait(signal);
    running++;
    return true;
  }

  return {
    /** Throws `cancelled` when the signal aborts while it waits. */
    async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
      if (!(await enter(signal))) throw new ClusterError('cancelled', 'The work was cancelled.');
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
