import { phrase } from '@cluster-ai/contracts';
import { expect, test } from 'vitest';
import { decidePlacement } from './decide-placement.ts';
import { toNodeView, toReplicaView } from './testing/views.ts';

const GB = 1e9;
const wish = { digest: 'chat', requiredBytes: 3.1 * GB };
const place = (view: Partial<Parameters<typeof decidePlacement>[0]>) =>
  decidePlacement({ wish, nodes: [], replicas: [], failures: [], nowMs: 0, ...view });

test('the node with most free memory takes the copy', () => {
  const nodes = [toNodeView({ id: 'a', memoryBytes: 8 * GB }), toNodeView({ id: 'b', memoryBytes: 24 * GB })];
  expect(place({ nodes })).toMatchObject({ type: 'placed', nodeId: 'b' });
});

test('weights that lie there already count more than free memory', () => {
  const nodes = [toNodeView({ id: 'a', memoryBytes: 8 * GB, weights: new Set(['chat']) }), toNodeView({ id: 'b', memoryBytes: 24 * GB })];
  expect(place({ nodes })).toMatchObject({ nodeId: 'a', why: 'node a: has the weights, 8.0 GB free' });
});

test('this machine comes first on ties', () => {
  const nodes = [toNodeView({ id: 'a', memoryBytes: 24 * GB }), toNodeView({ id: 'b', memoryBytes: 8 * GB, isLocal: true })];
  expect(place({ nodes })).toMatchObject({ nodeId: 'b' });
});

test('a second copy goes where there is none yet', () => {
  const nodes = [toNodeView({ id: 'a', isLocal: true }), toNodeView({ id: 'b' })];
  expect(place({ nodes, replicas: [toReplicaView({ digest: 'chat', nodeId: 'a' })] })).toMatchObject({ nodeId: 'b' });
});

test('a node where it failed lately is the last choice', () => {
  const nodes = [toNodeView({ id: 'a', isLocal: true }), toNodeView({ id: 'b' })];
  const failures = [{ digest: 'chat', nodeId: 'a', retryAtMs: 0, isLasting: false }];
  expect(place({ nodes, failures })).toMatchObject({ nodeId: 'b' });
  expect(place({ nodes: nodes.slice(0, 1), failures })).toMatchObject({ nodeId: 'a' });
});

test('each node that cannot take it says why', () => {
  const nodes = [toNodeView({ id: 'a', memoryBytes: 2.9 * GB }), toNodeView({ id: 'b', state: 'unreachable' })];
  expect(place({ nodes })).toEqual({
    type: 'refused',
    refusals: [
      { nodeId: 'a', kind: 'memory', said: phrase('node_lacks_memory', { node: 'a', needed: 3.1 * GB, free: 2.9 * GB }) },
      { nodeId: 'b', kind: 'not-ready', said: phrase('node_is_in_state', { node: 'b', state: 'unreachable' }) },
    ],
  });
});

test('what a copy that still loads will take is not free, though the machine measures it as free', () => {
  const nodes = [toNodeView({ id: 'a', memoryBytes: 8 * GB, availableBytes: 6 * GB })];
  const loading = toReplicaView({ nodeId: 'a', digest: 'other', state: 'starting', requiredBytes: 4 * GB, residentBytes: 0 });
  expect(place({ nodes, replicas: [loading] })).toMatchObject({
    refusals: [{ said: phrase('node_lacks_memory', { node: 'a', needed: 3.1 * GB, free: 2 * GB }) }],
  });
});

test('what other programs took is not free, though it is ours by right', () => {
  const nodes = [toNodeView({ id: 'a', memoryBytes: 8 * GB, availableBytes: 1 * GB })];
  expect(place({ nodes })).toMatchObject({ type: 'refused' });
});
