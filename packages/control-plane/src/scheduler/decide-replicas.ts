import { decideEviction } from './decide-eviction.ts';
import { decidePlacement, type Refusal } from './decide-placement.ts';
import { type Action, type ClusterView, type FailureView, isLost, type ReplicaView, type WishView } from './view.ts';

/** Why a wished copy is not even being started. */
export interface Blocked {
  readonly digest: string;
  readonly refusals: readonly Refusal[];
  /** Room will come by itself: somebody finishes, or is on the way out. */
  readonly isTemporary: boolean;
}

export interface Decision {
  readonly actions: readonly Action[];
  readonly blocked: readonly Blocked[];
}

type StopReplica = Extract<Action, { type: 'stop-replica' }>;

const stop = (replica: ReplicaView, reason: StopReplica['reason'], why: string): StopReplica => ({
  type: 'stop-replica',
  replicaId: replica.replicaId,
  nodeId: replica.nodeId,
  reason,
  why,
});

/** Nobody uses it and its time is over. */
export function isExpired(wish: WishView, nowMs: number): boolean {
  if (wish.isConfigured || wish.inFlight > 0 || wish.waiting > 0) return false;
  return wish.expiresAtMs !== undefined && wish.expiresAtMs <= nowMs;
}

function isReachable(replica: ReplicaView, view: ClusterView): boolean {
  const node = view.nodes.find(({ id }) => id === replica.nodeId);
  return node !== undefined && !isLost(node.state);
}

/** Copies that serve, or will. On a lost node they no longer count, unless we suspect ourselves. */
function findLiving(digest: string, view: ClusterView): readonly ReplicaView[] {
  return view.replicas.filter(
    (replica) =>
      replica.digest === digest &&
      !replica.isLeaving &&
      replica.state !== 'failed' &&
      replica.state !== 'stopped' &&
      (view.isSuspect || isReachable(replica, view)),
  );
}

/** The least worth keeping first: not ready, then longest unused. */
function bySurplus(a: ReplicaView, b: ReplicaView): number {
  return Number(a.state === 'ready') - Number(b.state === 'ready') || a.lastUsedMs - b.lastUsedMs || (a.replicaId < b.replicaId ? -1 : 1);
}

function stopSurplus(wish: WishView, living: readonly ReplicaView[]): readonly Action[] {
  const surplus = living.length - wish.replicas;
  if (surplus <= 0) return [];
  return living
    .toSorted(bySurplus)
    .slice(0, surplus)
    .filter((replica) => replica.inFlight === 0) // whoever is busy finishes first
    .map((replica) => stop(replica, 'stopped_by_request', 'one copy too many'));
}

function endWish(wish: WishView, living: readonly ReplicaView[]): readonly Action[] {
  const stops = living.filter(({ inFlight }) => inFlight === 0).map((replica) => stop(replica, 'idle_timeout', 'its keep-alive is over'));
  return [{ type: 'drop-wish', digest: wish.digest, reason: 'idle_timeout' }, ...stops];
}

function mayTry(wish: WishView, failure: FailureView | undefined, nowMs: number): boolean {
  if (failure === undefined) return true;
  if (failure.retryAtMs > nowMs) return false;
  return !failure.isLasting || wish.isConfigured || wish.waiting > 0;
}

function findLatestFailure(digest: string, view: ClusterView): FailureView | undefined {
  return view.failures.filter((failure) => failure.digest === digest).toSorted((a, b) => b.retryAtMs - a.retryAtMs)[0];
}

const planned = (wish: WishView, nodeId: string, index: number): ReplicaView => ({
  replicaId: `planned-${wish.digest}-${index}`,
  nodeId,
  digest: wish.digest,
  state: 'starting',
  requiredBytes: wish.requiredBytes,
  residentBytes: 0,
  inFlight: 0,
  lastUsedMs: 0,
  isStuck: false,
  isLeaving: false,
});

interface Draft {
  readonly actions: Action[];
  readonly blocked: Blocked[];
  /** The replicas as they will be after the actions so far, so that no memory is promised twice. */
  replicas: readonly ReplicaView[];
}

/**
 * Stops the victims. A model that keeps as many copies as it should have stays wanted; any other is not wanted any more until somebody
 * asks, else it would push its way back in, and what is idle of it goes at once.
 */
function evict(victims: readonly ReplicaView[], wish: WishView, view: ClusterView): readonly Action[] {
  const stops = victims.map((replica) => stop(replica, 'idle_timeout', `makes room for ${wish.model}`));
  const ends = [...new Set(victims.map(({ digest }) => digest))].flatMap((digest): readonly Action[] => {
    const rest = findLiving(digest, view).filter((replica) => !victims.includes(replica));
    const wished = view.wishes.find((other) => other.digest === digest)?.replicas ?? 0;
    if (wished > 0 && rest.length >= wished) return [];
    const idle = rest.filter((replica) => replica.inFlight === 0 && !replica.isStuck && isReachable(replica, view));
    return [
      { type: 'drop-wish', digest, reason: 'idle_timeout' },
      ...idle.map((replica) => stop(replica, 'idle_timeout', `its model makes room for ${wish.model}`)),
    ];
  });
  return [...ends, ...stops];
}

/** Starts one missing copy, or makes room for it. Returns whether it makes sense to try the next one. */
function addCopy(wish: WishView, index: number, view: ClusterView, draft: Draft): boolean {
  const now = { ...view, replicas: draft.replicas };
  const placement = decidePlacement({ wish, nodes: view.nodes, replicas: draft.replicas, failures: view.failures, nowMs: view.nowMs });
  if (placement.type === 'placed') {
    draft.actions.push({ type: 'start-replica', digest: wish.digest, nodeId: placement.nodeId, why: placement.why });
    draft.replicas = [...draft.replicas, planned(wish, placement.nodeId, index)];
    return true;
  }
  const eviction = decideEviction(wish, now);
  draft.blocked.push({ digest: wish.digest, refusals: placement.refusals, isTemporary: eviction.type !== 'impossible' });
  if (eviction.type !== 'evict') return false;
  const removals = evict(eviction.replicas, wish, now);
  draft.actions.push(...removals);
  draft.replicas = markLeaving(draft.replicas, removals);
  return false;
}

function startMissing(wish: WishView, view: ClusterView, draft: Draft): void {
  if (view.isSuspect || view.isSettling) return;
  if (view.replicas.some(({ digest, isStuck }) => digest === wish.digest && isStuck)) return; // first it counts as a failure, with its pause
  if (!mayTry(wish, findLatestFailure(wish.digest, view), view.nowMs)) return;
  const living = findLiving(wish.digest, { ...view, replicas: draft.replicas }).length;
  for (let index = living; index < wish.replicas; index++) if (!addCopy(wish, index, view, draft)) return;
}

/** Failed copies hold nothing; they stay in sight until they are tried again or nobody wants them. */
function stopFailed(view: ClusterView): readonly Action[] {
  const wishes = new Map(view.wishes.map((wish) => [wish.digest, wish]));
  return view.replicas
    .filter((replica) => replica.state === 'failed' && !replica.isLeaving && isReachable(replica, view))
    .filter(({ digest }) => {
      const wish = wishes.get(digest);
      return wish === undefined || isExpired(wish, view.nowMs) || mayTry(wish, findLatestFailure(digest, view), view.nowMs);
    })
    .map((replica) => stop(replica, 'stopped_by_request', 'it failed and is cleared away'));
}

function stopStuck(view: ClusterView): readonly Action[] {
  return view.replicas
    .filter((replica) => replica.isStuck && !replica.isLeaving && isReachable(replica, view))
    .map((replica) => stop(replica, 'load_timeout', 'it did not load in time'));
}

function stopUnwished(view: ClusterView): readonly Action[] {
  const wished = new Set(view.wishes.map(({ digest }) => digest));
  return view.replicas
    .filter((replica) => !wished.has(replica.digest) && replica.state !== 'failed' && !replica.isLeaving && !replica.isStuck)
    .filter((replica) => replica.inFlight === 0 && isReachable(replica, view))
    .map((replica) => stop(replica, 'stopped_by_request', 'nobody wants it any more'));
}

function markLeaving(replicas: readonly ReplicaView[], actions: readonly Action[]): readonly ReplicaView[] {
  const leaving = new Set(actions.flatMap((action) => (action.type === 'stop-replica' ? [action.replicaId] : [])));
  return replicas.map((replica) => (leaving.has(replica.replicaId) ? { ...replica, isLeaving: true } : replica));
}

/** What is too much of a wish, or all of it when its time is over. */
function decideRemovals(wish: WishView, view: ClusterView, replicas: readonly ReplicaView[]): readonly Action[] {
  const living = findLiving(wish.digest, { ...view, replicas });
  return isExpired(wish, view.nowMs) ? endWish(wish, living) : stopSurplus(wish, living);
}

const isDropped = ({ digest }: WishView, { actions }: Draft): boolean =>
  actions.some((action) => action.type === 'drop-wish' && action.digest === digest);

/** Configured models first, then those that somebody waits for. */
function byUrgency(a: WishView, b: WishView): number {
  return Number(b.isConfigured) - Number(a.isConfigured) || b.waiting - a.waiting || (a.digest < b.digest ? -1 : 1);
}

/** What to change so that what runs matches the wishes. Pure: no clock, no I/O, no logging. */
export function decideReplicas(view: ClusterView): Decision {
  const cleanup = [...stopFailed(view), ...stopStuck(view), ...stopUnwished(view)];
  const kept = markLeaving(view.replicas, cleanup);
  // All removals come before the first start, so that nobody is pushed out for room that is about to be free.
  const removals = view.wishes.flatMap((wish) => decideRemovals(wish, view, kept));
  const draft: Draft = { actions: [...cleanup, ...removals], blocked: [], replicas: markLeaving(kept, removals) };
  for (const wish of view.wishes.toSorted(byUrgency)) if (!isDropped(wish, draft)) startMissing(wish, view, draft);
  return { actions: draft.actions, blocked: draft.blocked };
}
