import type { ClusterClient, IdentifiedClusterEvent } from '@cluster-ai/client';

/** The server sends a comment every 15 seconds; a connection that is silent for longer than two of them is dead. */
const SILENCE_MS = 40_000;
const PAUSES_MS = [500, 1000, 2000, 5000];

export interface EventStreamOptions {
  readonly cluster: Pick<ClusterClient, 'watchEvents'>;
  readonly lastEventId: string | undefined;
  readonly signal: AbortSignal;
  onEvent(event: IdentifiedClusterEvent): void;
  onActivity(): void;
  onLoss(): void;
}

/** Waits, and resolves early when the signal is aborted or the browser says that it is online again. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  signal.addEventListener('abort', () => resolve(), { once: true });
  window.addEventListener('online', () => resolve(), { once: true });
  return promise.finally(() => clearTimeout(timer));
}

/** Aborts when nothing was heard for `SILENCE_MS`. */
function createWatchdog() {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => clearTimeout(timer);
  function feed(): void {
    stop();
    timer = setTimeout(() => controller.abort(new Error('The event stream fell silent.')), SILENCE_MS);
  }
  feed();
  return { signal: controller.signal, feed, stop };
}

/** Follows the cluster's events until the signal is aborted: after a loss it connects again and goes on after the last event that it saw. */
export async function runEventStream({ cluster, signal, onEvent, onActivity, onLoss, ...options }: EventStreamOptions): Promise<void> {
  let lastEventId = options.lastEventId;
  let failures = 0;

  async function followOnce(): Promise<void> {
    const watchdog = createWatchdog();
    const heard = () => {
      failures = 0;
      watchdog.feed();
      onActivity();
    };
    try {
      for await (const identified of cluster.watchEvents({
        lastEventId,
        signal: AbortSignal.any([signal, watchdog.signal]),
        onActivity: heard,
      })) {
        lastEventId = identified.id || lastEventId;
        onEvent(identified);
      }
    } finally {
      watchdog.stop();
    }
  }

  while (!signal.aborted) {
    await followOnce().catch(() => undefined); // whatever ended it, what follows is the same: say so, and connect again
    if (signal.aborted) return;
    onLoss();
    await pause(PAUSES_MS[Math.min(failures, PAUSES_MS.length - 1)] ?? 0, signal);
    failures += 1;
  }
}
