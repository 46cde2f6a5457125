import type { ClusterEvent } from '@cluster-ai/contracts';

export interface NumberedEvent {
  readonly id: number;
  readonly event: ClusterEvent;
  /** Whose it is: nobody else is told. Absent: not one person's. */
  readonly ownerId?: string | undefined;
}

/** Tells everybody in this process what changed, and remembers the last events for streams that reconnect. */
export interface EventBus {
  /** `ownerId`: of what belongs to one person, who alone is told. */
  publish(event: ClusterEvent, ownerId?: string): void;
  /** Listeners must not throw and must not wait. Returns the way to stop listening. */
  subscribe(listener: (event: NumberedEvent) => void): () => void;
  /** What came after `id`, or `undefined` when that is no longer remembered. */
  since(id: number): readonly NumberedEvent[] | undefined;
}

/** `firstId` should grow from start to start, so that a client of an earlier process is told to resync. */
export function createEventBus({ firstId, keep = 500 }: { readonly firstId: number; readonly keep?: number }): EventBus {
  const remembered: NumberedEvent[] = [];
  const listeners = new Set<(event: NumberedEvent) => void>();
  let nextId = firstId;
  return {
    publish(event, ownerId) {
      const numbered = { id: nextId++, event, ownerId };
      remembered.push(numbered);
      if (remembered.length > keep) remembered.shift();
      for (const listener of listeners) listener(numbered);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    since(id) {
      const oldest = remembered[0]?.id ?? nextId;
      if (id < oldest - 1 || id >= nextId) return undefined;
      return remembered.filter((numbered) => numbered.id > id);
    },
  };
}
