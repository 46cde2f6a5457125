/** An order that was given and is not carried out yet, as far as we know. One per replica. */
export interface Order {
  readonly type: 'start' | 'stop';
  readonly replicaId: string;
  readonly nodeId: string;
  readonly digest: string;
  readonly requiredBytes: number;
  readonly givenAtMs: number;
  /** The node has taken it; its report will show the rest. */
  isTaken: boolean;
}

/** A node that took an order and never shows the replica has lost it. */
export const ORDER_LIFETIME_MS = 15_000;

/** The orders under way, and which replicas they let vanish before the node says so. */
export function createOrders(now: () => number) {
  const byReplica = new Map<string, Order>();
  return {
    give(order: Omit<Order, 'isTaken' | 'givenAtMs'>): Order {
      const given = { ...order, isTaken: false, givenAtMs: now() };
      byReplica.set(order.replicaId, given);
      return given;
    },
    find: (replicaId: string): Order | undefined => byReplica.get(replicaId),
    list: (): readonly Order[] => [...byReplica.values()],
    close: (replicaId: string): void => void byReplica.delete(replicaId),
    /** A start ends when the replica is in sight, a stop when it is out of sight; both when their time is over. */
    settle(inSight: ReadonlySet<string>): void {
      for (const order of byReplica.values()) {
        const isDone = order.isTaken && inSight.has(order.replicaId) === (order.type === 'start');
        if (isDone || (order.isTaken && now() - order.givenAtMs > ORDER_LIFETIME_MS)) byReplica.delete(order.replicaId);
      }
    },
  };
}
export type Orders = ReturnType<typeof createOrders>;
