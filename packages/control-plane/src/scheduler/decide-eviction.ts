import { freeMemory } from './free-memory.ts';
import { type ClusterView, holdsMemory, type NodeView, type ReplicaView, type WishView } from './view.ts';

export type Eviction =
  /** Stop these, and the copy fits on the node. */
  | { readonly type: 'evict'; readonly nodeId: string; readonly replicas: readonly ReplicaView[] }
  /** It will fit once those that are busy, loading, or on their way out, are gone. */
  | { readonly type: 'wait'; readonly nodeId: string }
  /** No node could hold it even when empty of what may be stopped. */
  | { readonly type: 'impossible' };

const isBusy = (replica: ReplicaView): boolean => replica.inFlight > 0;

/** Whose keep-alive ends first goes first; then who was used longest ago. What stays for ever is the last. */
function byExpiry(wishes: ReadonlyMap<string, WishView>): (a: ReplicaView, b: ReplicaView) => number {
  const expiry = ({ digest }: ReplicaView) => {
    const wish = wishes.get(digest);
    return wish === undefined ? 0 : (wish.expiresAtMs ?? Number.MAX_SAFE_INTEGER);
  };
  return (a, b) => expiry(a) - expiry(b) || a.lastUsedMs - b.lastUsedMs || (a.replicaId < b.replicaId ? -1 : 1);
}

const isConfigured = (wish: WishView | undefined): boolean => wish?.isConfigured === true;

/** Whom nobody waits for, and who is not being started anywhere: else what was ordered a moment ago would be taken back. */
function isStoppable(wish: WishView | undefined, view: ClusterView): boolean {
  if (wish === undefined) return true;
  const isStarting = view.replicas.some((replica) => replica.digest === wish.digest && replica.state === 'starting' && !replica.isLeaving);
  return !isConfigured(wish) && wish.waiting === 0 && !isStarting;
}

function decideOnNode(digest: string, requiredBytes: number, node: NodeView, view: ClusterView): Eviction {
  const wishes = new Map(view.wishes.map((wish) => [wish.digest, wish]));
  const here = view.replicas.filter((replica) => replica.nodeId === node.id && holdsMemory(replica));
  const freeWithout = (gone: readonly ReplicaView[]) => freedMemory(node, view.replicas, gone);
  const leaving = here.filter((replica) => replica.isLeaving);
  if (leaving.length > 0 && freeWithout(leaving) >= requiredBytes) return { type: 'wait', nodeId: node.id };
  const others = here.filter((replica) => !replica.isLeaving && replica.digest !== digest);
  const stoppable = others.filter((replica) => isStoppable(wishes.get(replica.digest), view)).sort(byExpiry(wishes));
  const victims: ReplicaView[] = [];
  for (const replica of stoppable.filter((candidate) => !isBusy(candidate))) {
    victims.push(replica);
    if (freeWithout([...leaving, ...victims]) >= requiredBytes) return { type: 'evict', nodeId: node.id, replicas: victims };
  }
  const movable = others.filter((replica) => !isConfigured(wishes.get(replica.digest)));
  return freeWithout([...leaving, ...movable]) >= requiredBytes ? { type: 'wait', nodeId: node.id } : { type: 'impossible' };
}

/** Free memory as it will be when these are gone: the node's own measurement rises by what they hold now. */
function freedMemory(node: NodeView, replicas: readonly ReplicaView[], gone: readonly ReplicaView[]): number {
  const ids = new Set(gone.map(({ replicaId }) => replicaId));
  const freed = gone.reduce((total, { residentBytes }) => total + residentBytes, 0);
  const after = { ...node, availableBytes: node.availableBytes === undefined ? undefined : node.availableBytes + freed };
  const rest = replicas.filter(({ replicaId }) => !ids.has(replicaId));
  return freeMemory(after, rest);
}

/** What to stop so that a copy fits that does not fit now. Never a busy replica, never a configured model. Pure. */
export function decideEviction(wish: Pick<WishView, 'digest' | 'requiredBytes'>, view: ClusterView): Eviction {
  const options = view.nodes
    .filter((node) => node.state === 'ready')
    .map((node) => decideOnNode(wish.digest, wish.requiredBytes, node, view));
  const waits = options.filter((option) => option.type === 'wait');
  const evictions = options.filter((option) => option.type === 'evict').sort((a, b) => a.replicas.length - b.replicas.length);
  const isUnderWay = waits.some(({ nodeId }) => view.replicas.some((replica) => replica.nodeId === nodeId && replica.isLeaving));
  if (isUnderWay) return waits[0] ?? { type: 'impossible' };
  return evictions[0] ?? waits[0] ?? { type: 'impossible' };
}
