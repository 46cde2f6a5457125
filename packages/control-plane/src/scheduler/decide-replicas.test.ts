import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decideReplicas, isExpired } from './decide-replicas.ts';
import { toClusterView, toNodeView, toReplicaView, toWishView } from './testing/views.ts';
import { type Action, type ClusterView, holdsMemory, type ReplicaView } from './view.ts';

const nodes = [toNodeView({ id: 'a', memoryBytes: 16e9 }), toNodeView({ id: 'b', memoryBytes: 8e9 })];
const decide = (view: Partial<ClusterView>) => decideReplicas(toClusterView({ nodes, ...view })).actions;

test('a missing copy is started, a present one left alone', () => {
  const wishes = [toWishView({ digest: 'chat' })];
  expect(decide({ wishes })).toMatchObject([{ type: 'start-replica', digest: 'chat', nodeId: 'a' }]);
  expect(decide({ wishes, replicas: [toReplicaView({ nodeId: 'b', digest: 'chat', state: 'starting' })] })).toEqual([]);
});

test('two wished copies go to two machines', () => {
  const wishes = [toWishView({ digest: 'chat', replicas: 2 })];
  expect(decide({ wishes })).toMatchObject([{ nodeId: 'a' }, { nodeId: 'b' }]);
});

test('a copy on an unreachable node is placed elsewhere, one on a late node is not', () => {
  const wishes = [toWishView({ digest: 'chat' })];
  const replicas = [toReplicaView({ nodeId: 'a', digest: 'chat' })];
  const withState = (state: 'degraded' | 'unreachable') => [toNodeView({ id: 'a', state }), toNodeView({ id: 'b' })];
  expect(decide({ wishes, replicas, nodes: withState('unreachable') })).toMatchObject([{ type: 'start-replica', nodeId: 'b' }]);
  expect(decide({ wishes, replicas, nodes: withState('degraded') })).toEqual([]);
});

test('nothing moves while we suspect our own network', () => {
  const lost = [toNodeView({ id: 'a', state: 'unreachable' }), toNodeView({ id: 'b' })];
  const view = { wishes: [toWishView({ digest: 'chat' })], replicas: [toReplicaView({ nodeId: 'a', digest: 'chat' })], nodes: lost };
  expect(decide({ ...view, isSuspect: true })).toEqual([]);
});

test('nothing is placed before every node had the time to tell what it runs', () => {
  expect(decide({ wishes: [toWishView({ digest: 'chat' })], isSettling: true })).toEqual([]);
});

test('a node that comes back with a copy too many loses the one that was used least', () => {
  const replicas = [
    toReplicaView({ replicaId: 'back', nodeId: 'a', digest: 'chat', lastUsedMs: 1 }),
    toReplicaView({ replicaId: 'new', nodeId: 'b', digest: 'chat', lastUsedMs: 2 }),
  ];
  expect(decide({ wishes: [toWishView({ digest: 'chat' })], replicas })).toMatchObject([{ type: 'stop-replica', replicaId: 'back' }]);
});

test('an idle model leaves when its keep-alive is over, a busy or configured one stays', () => {
  const replicas = [toReplicaView({ replicaId: 'r', nodeId: 'a', digest: 'chat' })];
  const wish = { digest: 'chat', expiresAtMs: 5 };
  expect(decide({ nowMs: 5, wishes: [toWishView(wish)], replicas })).toEqual([
    { type: 'drop-wish', digest: 'chat', reason: 'idle_timeout' },
    { type: 'stop-replica', replicaId: 'r', nodeId: 'a', reason: 'idle_timeout', why: 'its keep-alive is over' },
  ]);
  expect(decide({ nowMs: 4, wishes: [toWishView(wish)], replicas })).toEqual([]);
  expect(decide({ nowMs: 5, wishes: [toWishView({ ...wish, inFlight: 1 })], replicas })).toEqual([]);
  expect(decide({ nowMs: 5, wishes: [toWishView({ ...wish, isConfigured: true })], replicas })).toEqual([]);
});

test('who makes room is dropped, so that it does not push its way back in', () => {
  const tight = [toNodeView({ id: 'a', memoryBytes: 2e9, availableBytes: 0 })];
  const wishes = [toWishView({ digest: 'new', requiredBytes: 2e9, waiting: 1 }), toWishView({ digest: 'old', requiredBytes: 2e9 })];
  const replicas = [toReplicaView({ replicaId: 'r', nodeId: 'a', digest: 'old', requiredBytes: 2e9 })];
  const decision = decideReplicas(toClusterView({ nodes: tight, wishes, replicas }));
  expect(decision.actions).toMatchObject([
    { type: 'drop-wish', digest: 'old' },
    { type: 'stop-replica', replicaId: 'r', why: 'makes room for new' },
  ]);
  expect(decision.blocked).toMatchObject([{ digest: 'new', isTemporary: true }]);
});

test('a model that makes room and keeps as many copies as it should have stays wanted; any other goes as a whole', () => {
  const toReplicas = (inFlight: number) => [
    toReplicaView({ replicaId: 'small', nodeId: 'a', digest: 'old', inFlight }),
    toReplicaView({ replicaId: 'large', nodeId: 'b', digest: 'old', lastUsedMs: 1 }),
  ];
  const tight = [toNodeView({ id: 'a', memoryBytes: 1e9 }), toNodeView({ id: 'b', memoryBytes: 2e9 })];
  const wishFor = (copies: number) => [
    toWishView({ digest: 'new', requiredBytes: 2e9, waiting: 1 }),
    toWishView({ digest: 'old', replicas: copies }),
  ];
  expect(decide({ nodes: tight, wishes: wishFor(1), replicas: toReplicas(1) })).toMatchObject([
    { type: 'stop-replica', replicaId: 'large', why: 'makes room for new' },
  ]);
  expect(decide({ nodes: tight, wishes: wishFor(2), replicas: toReplicas(0) })).toMatchObject([
    { type: 'drop-wish', digest: 'old' },
    { type: 'stop-replica', replicaId: 'small', why: 'its model makes room for new' },
    { type: 'stop-replica', replicaId: 'large', why: 'makes room for new' },
  ]);
});

test('what failed is tried again after its pause, and a lasting failure only when somebody asks', () => {
  const replicas = [toReplicaView({ replicaId: 'r', nodeId: 'a', digest: 'chat', state: 'failed' })];
  const failure = { digest: 'chat', nodeId: 'a', retryAtMs: 10, isLasting: true };
  const wish = toWishView({ digest: 'chat' });
  const asked = toWishView({ digest: 'chat', waiting: 1 });
  expect(decide({ nowMs: 9, wishes: [asked], replicas, failures: [failure] })).toEqual([]);
  expect(decide({ nowMs: 10, wishes: [wish], replicas, failures: [failure] })).toEqual([]);
  expect(decide({ nowMs: 10, wishes: [asked], replicas, failures: [failure] })).toMatchObject([
    { type: 'stop-replica', replicaId: 'r' },
    { type: 'start-replica', nodeId: 'b' },
  ]);
});

test('a load that stands still is stopped', () => {
  const replicas = [toReplicaView({ replicaId: 'r', nodeId: 'a', digest: 'chat', state: 'starting', isStuck: true })];
  expect(decide({ wishes: [toWishView({ digest: 'chat' })], replicas })[0]).toMatchObject({ type: 'stop-replica', reason: 'load_timeout' });
});

// --- what holds in every cluster

const digests = ['m1', 'm2', 'm3', 'm4'];
const bytes = fc.integer({ min: 1, max: 12 }).map((units) => units * 1e9);
const anyState = fc.constantFrom('ready' as const, 'ready' as const, 'degraded' as const, 'unreachable' as const, 'starting' as const);
const anyNode = (id: string) =>
  fc
    .record({ memoryBytes: bytes, isLocal: fc.boolean(), state: anyState, busyShare: fc.double({ min: 0, max: 1, noNaN: true }) })
    .map(({ busyShare, ...node }) => toNodeView({ id, ...node, availableBytes: node.memoryBytes * (1 - busyShare) }));
const anyReplica = fc
  .record({
    nodeId: fc.constantFrom('n1', 'n2', 'n3'),
    digest: fc.constantFrom(...digests, 'unwished'),
    state: fc.constantFrom('ready' as const, 'starting' as const, 'failed' as const),
    inFlight: fc.integer({ min: 0, max: 2 }),
    lastUsedMs: fc.integer({ min: 0, max: 100 }),
    isLeaving: fc.boolean(),
  })
  .map((replica) => toReplicaView({ requiredBytes: 1e9, ...replica }));
const anyWish = (digest: string) =>
  fc
    .record({
      replicas: fc.integer({ min: 1, max: 3 }),
      requiredBytes: bytes,
      isConfigured: fc.boolean(),
      waiting: fc.integer({ min: 0, max: 3 }),
      expiresAtMs: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
    })
    .map((wish) => toWishView({ digest, ...wish, inFlight: wish.waiting }));
const anyView = fc
  .record({
    nodes: fc.tuple(anyNode('n1'), anyNode('n2'), anyNode('n3')),
    replicas: fc.array(anyReplica, { maxLength: 8 }),
    wishes: fc.tuple(...digests.map(anyWish)).chain((all) => fc.subarray(all)),
    nowMs: fc.integer({ min: 0, max: 100 }),
  })
  .map(toClusterView);

/** What the cluster looks like when the orders were carried out and everything has loaded. */
function carryOut(view: ClusterView, actions: readonly Action[]): ClusterView {
  const stopped = new Set(actions.flatMap((action) => (action.type === 'stop-replica' ? [action.replicaId] : [])));
  const dropped = new Set(actions.flatMap((action) => (action.type === 'drop-wish' ? [action.digest] : [])));
  const started = actions.flatMap((action) => (action.type === 'start-replica' ? [action] : []));
  const gone = view.replicas.filter(({ replicaId, isLeaving }) => stopped.has(replicaId) || isLeaving);
  const wishOf = (digest: string) => view.wishes.find((wish) => wish.digest === digest);
  const fresh = started.map(
    ({ digest, nodeId }): ReplicaView => toReplicaView({ digest, nodeId, requiredBytes: wishOf(digest)?.requiredBytes ?? 0 }),
  );
  const held = (nodeId: string, replicas: readonly ReplicaView[]) =>
    replicas
      .filter((replica) => replica.nodeId === nodeId && holdsMemory(replica))
      .reduce((total, { residentBytes }) => total + residentBytes, 0);
  return {
    ...view,
    nodes: view.nodes.map((node) => ({ ...node, availableBytes: (node.availableBytes ?? 0) + held(node.id, gone) - held(node.id, fresh) })),
    wishes: view.wishes.filter(({ digest }) => !dropped.has(digest)),
    replicas: [...view.replicas.filter((replica) => !gone.includes(replica)), ...fresh],
  };
}

const startsOn = (nodeId: string, actions: readonly Action[]) =>
  actions.flatMap((action) => (action.type === 'start-replica' && action.nodeId === nodeId ? [action] : []));

test('memory is never promised twice', () => {
  fc.assert(
    fc.property(anyView, (view) => {
      const { actions } = decideReplicas(view);
      for (const node of view.nodes) {
        const starts = startsOn(node.id, actions);
        if (starts.length === 0) continue;
        const promised = starts.reduce(
          (total, action) => total + (view.wishes.find(({ digest }) => digest === action.digest)?.requiredBytes ?? 0),
          0,
        );
        const held = view.replicas.filter((replica) => replica.nodeId === node.id && holdsMemory(replica));
        const all = held.reduce((total, { requiredBytes }) => total + requiredBytes, promised);
        expect(all).toBeLessThanOrEqual(node.memoryBytes);
        expect(promised).toBeLessThanOrEqual(node.availableBytes ?? 0);
      }
    }),
    { numRuns: 1000 },
  );
});

test('a copy with requests in flight is never stopped', () => {
  fc.assert(
    fc.property(anyView, (view) => {
      const busy = new Set(
        view.replicas.filter(({ inFlight, state }) => inFlight > 0 && state !== 'failed').map(({ replicaId }) => replicaId),
      );
      for (const action of decideReplicas(view).actions) if (action.type === 'stop-replica') expect(busy).not.toContain(action.replicaId);
    }),
    { numRuns: 1000 },
  );
});

test('starts go to ready nodes only, and only for living wishes', () => {
  fc.assert(
    fc.property(anyView, (view) => {
      const { actions } = decideReplicas(view);
      const dropped = actions.flatMap((action) => (action.type === 'drop-wish' ? [action.digest] : []));
      for (const action of actions) {
        if (action.type !== 'start-replica') continue;
        const wish = view.wishes.find(({ digest }) => digest === action.digest);
        expect(view.nodes.find(({ id }) => id === action.nodeId)?.state).toBe('ready');
        expect(wish && !isExpired(wish, view.nowMs)).toBe(true);
        expect(dropped).not.toContain(action.digest);
      }
    }),
    { numRuns: 1000 },
  );
});

test('carrying out the decision again and again comes to rest', () => {
  fc.assert(
    fc.property(anyView, (first) => {
      let view = first;
      for (let round = 0; round < 12; round++) {
        const { actions } = decideReplicas(view);
        if (actions.length === 0) return;
        view = carryOut(view, actions);
      }
      expect(decideReplicas(view).actions).toEqual([]);
    }),
    { numRuns: 1000 },
  );
});

/** What the cluster looks like while the orders are on their way. */
function underWay(view: ClusterView, actions: readonly Action[]): ClusterView {
  const stopped = new Set(actions.flatMap((action) => (action.type === 'stop-replica' ? [action.replicaId] : [])));
  const dropped = new Set(actions.flatMap((action) => (action.type === 'drop-wish' ? [action.digest] : [])));
  const loading = actions.flatMap((action) => (action.type === 'start-replica' ? [toLoading(view, action)] : []));
  return {
    ...view,
    wishes: view.wishes.filter(({ digest }) => !dropped.has(digest)),
    replicas: [...view.replicas.map((replica) => (stopped.has(replica.replicaId) ? { ...replica, isLeaving: true } : replica)), ...loading],
  };
}

function toLoading(view: ClusterView, { digest, nodeId }: { readonly digest: string; readonly nodeId: string }): ReplicaView {
  const requiredBytes = view.wishes.find((wish) => wish.digest === digest)?.requiredBytes ?? 0;
  return toReplicaView({ digest, nodeId, requiredBytes, residentBytes: 0, state: 'starting' });
}

test('what is under way is not ordered again', () => {
  fc.assert(
    fc.property(anyView, (view) => {
      expect(decideReplicas(underWay(view, decideReplicas(view).actions)).actions).toEqual([]);
    }),
    { numRuns: 1000 },
  );
});
