import type { ClusterError, RefusedCall } from '@cluster-ai/client';
import { useSyncExternalStore } from 'react';

/** What the page has to say about who may do what. `leave`: nothing is lost by going to the sign-in page at once. */
export type AccessNews =
  | { readonly kind: 'none' }
  | { readonly kind: 'leave' }
  | { readonly kind: 'ended'; readonly isAsking: boolean }
  | { readonly kind: 'forbidden'; readonly error: ClusterError };

export interface AccessOptions {
  /** Fetches again who calls, and with it what proves that changes are ours. */
  renewProfile(): void;
}

const isText = (field: HTMLInputElement | HTMLTextAreaElement) => !['checkbox', 'radio', 'range'].includes(field.type);

/** Whether somebody is writing something here that would be gone with the page. */
function hasHalfWritten(): boolean {
  const fields = document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>('input, textarea');
  return [...fields].some((field) => isText(field) && field.value.trim() !== '');
}

const needsSignIn = ({ code }: ClusterError) => code === 'unauthorized' || code === 'session_ended';

/**
 * Hears what the server refuses, wherever it was asked. Only the shell shows it: on the pages where one signs in nobody listens, so that
 * what is refused there leads nowhere and there is no loop.
 */
export function createAccess({ renewProfile }: AccessOptions) {
  let news: AccessNews = { kind: 'none' };
  const listeners = new Set<() => void>();

  function set(next: AccessNews): void {
    news = next;
    for (const listener of listeners) listener();
  }

  function hearUnknown(isChange: boolean): void {
    // What somebody did just now is asked about at once, where it was done: a message that was refused is about to come back into its field.
    if (isChange) set({ kind: 'ended', isAsking: true });
    else if (news.kind !== 'ended' && news.kind !== 'leave') set(hasHalfWritten() ? { kind: 'ended', isAsking: false } : { kind: 'leave' });
  }

  return {
    hear(error: ClusterError, { isChange }: RefusedCall): void {
      if (listeners.size === 0) return;
      if (needsSignIn(error)) hearUnknown(isChange);
      else if (error.code === 'forbidden' && isChange) set({ kind: 'forbidden', error });
      else if (error.code === 'origin_not_allowed' && isChange) renewProfile(); // somebody signed in elsewhere: the next try is right
    },
    ask: () => set({ kind: 'ended', isAsking: true }),
    stopAsking: () => set({ kind: 'ended', isAsking: false }),
    settle: () => set({ kind: 'none' }),
    get: () => news,
    subscribe(listener: () => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
export type Access = ReturnType<typeof createAccess>;

/** The news, as React sees it. Whoever uses it has to show it. */
export const useAccessNews = (access: Access): AccessNews => useSyncExternalStore(access.subscribe, access.get);
