import type { IdentifiedClusterEvent } from '@cluster-ai/client';

/**
 * A browser opens about six connections to one host over HTTP/1.1, so that a stream per tab would freeze the seventh tab. One tab, the
 * leader, holds the stream and tells the others what it hears. The lock goes to the next tab when the leader is closed.
 */
export type TabMessage =
  | { readonly type: 'event'; readonly identified: IdentifiedClusterEvent }
  | { readonly type: 'activity' }
  | { readonly type: 'loss' };

export interface TabsOptions {
  readonly signal: AbortSignal;
  /** What another tab heard. */
  onMessage(message: TabMessage): void;
  /** Runs while this tab is the leader. `tell` reaches the other tabs. */
  lead(tell: (message: TabMessage) => void, signal: AbortSignal): Promise<void>;
}

const NAME = 'cluster-ai.events';

/** Takes part in the election until the signal is aborted. Without Web Locks (a page that is neither HTTPS nor loopback) every tab leads. */
export async function joinTabs({ signal, onMessage, lead }: TabsOptions): Promise<void> {
  if (!('locks' in navigator)) return lead(() => undefined, signal);
  const channel = new BroadcastChannel(NAME);
  channel.addEventListener('message', ({ data }: MessageEvent<TabMessage>) => onMessage(data));
  try {
    await navigator.locks.request(NAME, { signal }, () => lead((message) => channel.postMessage(message), signal));
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    channel.close();
  }
}
