import type { ClusterError } from '@cluster-ai/contracts';
import { useSyncExternalStore } from 'react';

/**
 * Hears what the server refuses. Something that somebody did just now and that was refused because the session has ended is asked about where it
 * was done: what was written there is still there. What the page fetches by itself is not: the page says that elsewhere.
 */
export function createSessionWatch() {
  let hasEnded = false;
  const listeners = new Set<() => void>();

  function set(next: boolean): void {
    hasEnded = next;
    for (const listener of listeners) listener();
  }

  return {
    hear({ code }: ClusterError, { isChange }: { readonly isChange: boolean }): void {
      if (isChange && (code === 'session_ended' || code === 'unauthorized')) set(true);
    },
    settle: () => set(false),
    hasEnded: () => hasEnded,
    subscribe(listener: () => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
export type SessionWatch = ReturnType<typeof createSessionWatch>;

/** Whether something was refused because the session has ended, as React sees it. */
export const useHasEnded = (watch: SessionWatch): boolean => useSyncExternalStore(watch.subscribe, watch.hasEnded);
