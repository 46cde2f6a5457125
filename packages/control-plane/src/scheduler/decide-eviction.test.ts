import { expect, test } from 'vitest';
import { decideEviction } from './decide-eviction.ts';
import { toClusterView, toNodeView, toReplicaView, toWishView } from './testing/views.ts';

const wanted = toWishView({ digest: 'new', requiredBytes: 2e9, waiting: 1 });
const node = toNodeView({ id: 'a', memoryBytes: 4e9, availableBytes: 0 });
const old = (replicaId: string, more: object = {}) =>
  toReplicaView({ replicaId, nodeId: 'a', digest: replicaId, requiredBytes: 2e9, ...more });

test('the idle copy whose keep-alive ends first makes room', () => {
  const view = toClusterView({
    nodes: [node],
    replicas: [old('x'), old('y')],
    wishes: [wanted, toWishView({ digest: 'x', expiresAtMs: 9000 }), toWishView({ digest: 'y', expiresAtMs: 5000 })],
  });
  expect(decideEviction(wanted, view)).toMatchObject({ type: 'evict', nodeId: 'a', replicas: [{ replicaId: 'y' }] });
});

test('among equals the one that was used longest ago goes', () => {
  const replicas = [old('x', { lastUsedMs: 10 }), old('y', { lastUsedMs: 20 })];
  const view = toClusterView({ nodes: [node], replicas, wishes: [wanted, toWishView({ digest: 'x' }), toWishView({ digest: 'y' })] });
  expect(decideEviction(wanted, view)).toMatchObject({ replicas: [{ replicaId: 'x' }] });
});

test('a busy copy is waited for, never stopped', () => {
  const view = toClusterView({ nodes: [node], replicas: [old('x', { inFlight: 1 }), old('y', { inFlight: 2 })], wishes: [wanted] });
  expect(decideEviction(wanted, view)).toEqual({ type: 'wait', nodeId: 'a' });
});

test('a configured model stays, whoever asks', () => {
  const wishes = [wanted, toWishView({ digest: 'x', isConfigured: true }), toWishView({ digest: 'y', isConfigured: true })];
  expect(decideEviction(wanted, toClusterView({ nodes: [node], replicas: [old('x'), old('y')], wishes }))).toEqual({ type: 'impossible' });
});

test('nothing more is stopped while enough is on its way out', () => {
  const view = toClusterView({ nodes: [node], replicas: [old('x', { isLeaving: true }), old('y')], wishes: [wanted] });
  expect(decideEviction(wanted, view)).toEqual({ type: 'wait', nodeId: 'a' });
});

test('a model larger than every machine evicts nobody', () => {
  const huge = { digest: 'huge', requiredBytes: 9e9 };
  expect(decideEviction(huge, toClusterView({ nodes: [node], replicas: [old('x'), old('y')] }))).toEqual({ type: 'impossible' });
});
