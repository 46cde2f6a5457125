import { expect, test } from 'vitest';
import { decideWorkers, type WorkerNode } from './decide-workers.ts';

const node = (id: string, more: Partial<WorkerNode> = {}): WorkerNode => ({
  id,
  pool: 'cpu',
  isReady: true,
  reach: 'reachable',
  isUnable: false,
  isOrdered: false,
  isOutdated: false,
  running: 0,
  cores: 4,
  isBusy: false,
  ...more,
});
const order = (nodeId: string) => ({ type: 'order', nodeId });
const retire = (nodeId: string) => ({ type: 'retire', nodeId });

test('a node is probed before it gets a worker', () => {
  const decision = decideWorkers([node('a', { reach: 'unknown' })], { cpu: 1 });
  expect(decision).toEqual({ actions: [{ type: 'probe', nodeId: 'a' }], proxied: [] });
});

test('the larger machines get the first workers', () => {
  const decision = decideWorkers([node('a'), node('b', { cores: 16 }), node('c', { cores: 8 })], { cpu: 2 });
  expect(decision.actions).toEqual([order('b'), order('c')]);
});

test('a worker that runs is kept before a larger machine is asked', () => {
  expect(decideWorkers([node('a', { isOrdered: true }), node('b', { cores: 16 })], { cpu: 1 }).actions).toEqual([]);
});

test('of too many, idle ones on small machines go first', () => {
  const nodes = [
    node('a', { isOrdered: true, running: 1 }),
    node('b', { isOrdered: true, cores: 16 }),
    node('c', { isOrdered: true, cores: 2 }),
  ];
  expect(decideWorkers(nodes, { cpu: 2 }).actions).toEqual([retire('c')]);
});

test('each pool is decided for itself', () => {
  const nodes = [node('a'), node('g', { pool: 'gpu' }), node('p', { pool: 'phone' })];
  expect(decideWorkers(nodes, { cpu: 1, gpu: 1 }).actions).toEqual([order('a'), order('g')]);
});

test('a node that others cannot reach gets no worker, and another one speaks for it', () => {
  expect(decideWorkers([node('a', { reach: 'not_reachable' }), node('b')], { cpu: 2 })).toEqual({ actions: [order('b')], proxied: ['a'] });
  expect(decideWorkers([node('a', { reach: 'not_reachable', isOrdered: true })], { cpu: 1 }).actions).toEqual([retire('a')]);
});

test('a node without Python keeps its order, so that it tells when it has one; another one takes its place, and somebody speaks for it', () => {
  const nodes = [node('a', { isOrdered: true, isUnable: true }), node('b')];
  expect(decideWorkers(nodes, { cpu: 1 })).toEqual({ actions: [order('b')], proxied: ['a'] });
  expect(decideWorkers(nodes, { cpu: 2 })).toEqual({ actions: [order('b')], proxied: ['a'] });
});

test('what changed is ordered anew, and nothing while an order is under way', () => {
  expect(decideWorkers([node('a', { isOrdered: true, isOutdated: true })], { cpu: 1 }).actions).toEqual([order('a')]);
  expect(decideWorkers([node('a', { isBusy: true }), node('b', { reach: 'unknown', isBusy: true })], { cpu: 2 }).actions).toEqual([]);
});

test('a node that does not answer is left alone', () => {
  expect(decideWorkers([node('a', { isReady: false, isOrdered: true })], { cpu: 0 })).toEqual({ actions: [], proxied: [] });
});
