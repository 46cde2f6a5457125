import type { ClusterView, NodeView, ReplicaView, WishView } from '../view.ts';

/** Views with everything filled in that a test does not speak of. */
export function toNodeView(node: Partial<NodeView> & { readonly id: string }): NodeView {
  const memoryBytes = node.memoryBytes ?? 16e9;
  return { name: node.id, state: 'ready', isLocal: false, memoryBytes, availableBytes: memoryBytes, weights: new Set(), ...node };
}

let count = 0;
export function toReplicaView(replica: Partial<ReplicaView> & { readonly nodeId: string; readonly digest: string }): ReplicaView {
  const requiredBytes = replica.requiredBytes ?? 1e9;
  return {
    replicaId: `replica-${++count}`,
    state: 'ready',
    requiredBytes,
    residentBytes: requiredBytes,
    inFlight: 0,
    lastUsedMs: 0,
    isStuck: false,
    isLeaving: false,
    ...replica,
  };
}

export function toWishView(wish: Partial<WishView> & { readonly digest: string }): WishView {
  return {
    model: wish.digest,
    replicas: 1,
    requiredBytes: 1e9,
    isConfigured: false,
    waiting: 0,
    inFlight: 0,
    expiresAtMs: undefined,
    ...wish,
  };
}

export function toClusterView(view: Partial<ClusterView>): ClusterView {
  return { nowMs: 0, isSuspect: false, isSettling: false, nodes: [], wishes: [], replicas: [], failures: [], ...view };
}
