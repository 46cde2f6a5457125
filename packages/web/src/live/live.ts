import type { ClusterClient, IdentifiedClusterEvent } from '@cluster-ai/client';
import type { ClusterStatus, Node } from '@cluster-ai/contracts';
import type { QueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { applyToNodes, applyToStatus, findStale, type Stale } from './apply-event.ts';
import { runEventStream } from './event-stream.ts';
import { initialLiveState, type LiveState, noteActivity, noteLoss, noteRate } from './live-state.ts';
import { joinTabs, type TabMessage } from './tabs.ts';

/** Changes come in bursts (a model that loads): what they make stale is fetched once for all of them. */
const COLLECT_MS = 200;
/** The dot shows seconds: it need not know every piece that arrives. */
const ACTIVITY_EVERY_MS = 1000;
const LOOK_EVERY_MS = 2000;

export interface LiveOptions {
  readonly cluster: ClusterClient;
  readonly queryClient: QueryClient;
  readonly now?: () => number;
}

/** Keeps the page's data current, with one event stream for all tabs of the browser. */
export function createLive({ cluster, queryClient, now = Date.now }: LiveOptions) {
  let state: LiveState = initialLiveState;
  let lastEventId: string | undefined;
  let reconnect = new AbortController();
  const listeners = new Set<() => void>();
  const stale = new Set<string>();

  function setState(next: LiveState): void {
    if (next === state) return;
    state = next;
    for (const listener of listeners) listener();
  }

  function refetch(): void {
    const keys = [...stale].map((key) => JSON.parse(key) as Stale);
    stale.clear();
    if (keys.includes('everything')) void queryClient.invalidateQueries();
    else for (const queryKey of keys) void queryClient.invalidateQueries({ queryKey: queryKey as readonly string[] });
  }

  function markStale(what: readonly Stale[]): void {
    if (what.length === 0) return;
    if (stale.size === 0) setTimeout(refetch, COLLECT_MS);
    for (const one of what) stale.add(JSON.stringify(one));
  }

  function hearEvent({ id, event }: IdentifiedClusterEvent): void {
    lastEventId = id || lastEventId;
    queryClient.setQueryData<readonly Node[]>(['nodes'], (nodes) => nodes && applyToNodes(nodes, event));
    queryClient.setQueryData<ClusterStatus>(['status'], (status) => status && applyToStatus(status, event));
    markStale(findStale(event));
  }

  function hearActivity(): void {
    const isNew = state.phase !== 'live' || now() - (state.lastActivityAt ?? 0) >= ACTIVITY_EVERY_MS;
    // What happened between the page's first fetch and the first event, or while the connection was away, is fetched again.
    if (state.phase === 'offline' || (state.phase === 'connecting' && lastEventId === undefined)) markStale(['everything']);
    if (isNew) setState(noteActivity(state, now()));
  }

  function hear(message: TabMessage): void {
    if (message.type === 'event') hearEvent(message.identified);
    else if (message.type === 'activity') hearActivity();
    else setState(noteLoss(state, now()));
  }

  async function lead(tell: (message: TabMessage) => void, signal: AbortSignal): Promise<void> {
    const share = (message: TabMessage) => {
      hear(message);
      tell(message);
    };
    while (!signal.aborted) {
      reconnect = new AbortController();
      await runEventStream({
        cluster,
        lastEventId,
        signal: AbortSignal.any([signal, reconnect.signal]),
        onEvent: (identified) => share({ type: 'event', identified }),
        onActivity: () => share({ type: 'activity' }),
        onLoss: () => share({ type: 'loss' }),
      });
    }
  }

  function look(): void {
    const status = queryClient.getQueryData<ClusterStatus>(['status']);
    if (status) setState(noteRate(state, status.tokens_per_second, now()));
  }

  return {
    async run(signal: AbortSignal): Promise<void> {
      const timer = setInterval(look, LOOK_EVERY_MS);
      await joinTabs({ signal, onMessage: hear, lead }).finally(() => clearInterval(timer));
    },
    /** Connects again at once instead of after the pause, and fetches everything that is shown. */
    retry(): void {
      reconnect.abort();
      void queryClient.invalidateQueries();
    },
    getState: () => state,
    subscribe(listener: () => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
export type Live = ReturnType<typeof createLive>;

/** The live state, as React sees it. */
export function useLiveState(live: Live): LiveState {
  return useSyncExternalStore(live.subscribe, live.getState);
}
