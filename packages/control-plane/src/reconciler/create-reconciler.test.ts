import { ClusterError, type ReplicaSpec, toCondition } from '@cluster-ai/contracts';
import { expect, test } from 'vitest';
import { startGateway } from '../gateway/testing/start-gateway.ts';

const gib = 1024 ** 3;
const never = () => undefined;

test('configured models are loaded without being asked for, and placed on different machines', async () => {
  await using cluster = startGateway({ nodes: [{ id: 'a' }, { id: 'b' }], configured: [{ name: 'starter', replicas: 2 }] });
  await cluster.until(() => cluster.gateway.running().length === 2);
  expect(cluster.gateway.running().map(({ nodeId }) => nodeId)).toEqual(['a', 'b']);
  await cluster.pass(600_000);
  expect(cluster.gateway.running()).toHaveLength(2);
});

test('a configured model loads as soon as it is registered', async () => {
  await using cluster = startGateway({ models: [], configured: [{ name: 'late' }] });
  await cluster.pass(3000);
  cluster.registry.put({ name: 'late' });
  await cluster.until(() => cluster.gateway.running().length === 1);
});

test('a replica that already runs when we start is taken over, not started again', async () => {
  const running = { replicaId: 'old', fence: 5 };
  await using cluster = startGateway({ nodes: [{ id: 'a', replicas: [running] }], inference: { keepAliveSeconds: 60 } });
  await cluster.pass(30_000);
  expect(cluster.gateway.running()).toMatchObject([{ replica: { replicaId: 'old' } }]);
  expect(cluster.machines[0]?.started).toEqual([]);
  await cluster.pass(40_000); // as if it had been used when we started
  expect(cluster.machines[0]?.stopped).toEqual(['old']);
});

test('before all nodes have told what they run, nothing is placed beside it', async () => {
  await using cluster = startGateway({ nodes: [{ id: 'a' }, { id: 'b', state: 'starting' }], configured: [{ name: 'starter' }] });
  await cluster.pass(3000);
  const [a, b] = cluster.machines;
  b?.report({ replicaId: 'old', fence: 5 });
  b?.setState('ready', 'serving');
  await cluster.pass(10_000);
  expect([a?.started, b?.started]).toEqual([[], []]);
  expect(cluster.gateway.running()).toMatchObject([{ replica: { replicaId: 'old' } }]);
});

test('a replica whose model is no longer what its name means is stopped', async () => {
  await using cluster = startGateway({ nodes: [{ id: 'a', replicas: [{ replicaId: 'old', digest: 'sha256:earlier' }] }] });
  await cluster.until(() => cluster.machines[0]?.stopped.length === 1);
});

test('orders carry numbers that grow, also above those of an earlier life', async () => {
  const fence = Date.UTC(2100, 0);
  await using cluster = startGateway({
    nodes: [{ id: 'a', replicas: [{ replicaId: 'old', fence, model: 'gone', digest: 'sha256:gone' }] }],
    configured: [{ name: 'starter', replicas: 2 }],
  });
  await cluster.until(() => (cluster.machines[0]?.started.length ?? 0) === 2);
  const fences = cluster.machines[0]?.started.map((spec) => spec.fence) ?? [];
  expect(fences[0]).toBeGreaterThan(fence);
  expect(fences[1]).toBeGreaterThan(fences[0] ?? 0);
});

test('a copy on a node that was lost is placed on another one, and stays there when the node returns', async () => {
  await using cluster = startGateway({ nodes: [{ id: 'a', isLocal: true }, { id: 'b' }], configured: [{ name: 'starter' }] });
  const [a, b] = cluster.machines;
  await cluster.until(() => a?.started.length === 1);
  a?.setState('degraded', 'heartbeat_late');
  await cluster.pass(3000);
  expect(b?.started).toEqual([]);
  a?.setState('unreachable', 'heartbeat_lost');
  await cluster.until(() => b?.replicas()[0]?.condition.state === 'ready');
  a?.setState('ready', 'serving');
  await cluster.until(() => (a?.stopped.length ?? 0) + (b?.stopped.length ?? 0) === 1);
  expect(cluster.gateway.running()).toHaveLength(1);
});

test('nothing is placed elsewhere while the control plane suspects its own network', async () => {
  await using cluster = startGateway({ nodes: [{ id: 'a', isLocal: true }, { id: 'b' }], configured: [{ name: 'starter' }] });
  const [a, b] = cluster.machines;
  await cluster.until(() => cluster.gateway.running().length === 1);
  let isSuspecting = true;
  Object.assign(cluster.memory.nodes, { isSuspectingItself: () => isSuspecting });
  a?.setState('unreachable', 'heartbeat_lost');
  await cluster.pass(10_000);
  expect(b?.started).toEqual([]);
  isSuspecting = false;
  await cluster.until(() => b?.started.length === 1);
});

test('a copy that is being stopped by its node is replaced', async () => {
  await using cluster = startGateway({ nodes: [{ id: 'a', isLocal: true }, { id: 'b' }], configured: [{ name: 'starter' }] });
  const [a, b] = cluster.machines;
  await cluster.until(() => cluster.gateway.running().length === 1);
  const [{ replicaId } = { replicaId: '' }] = a?.replicas() ?? [];
  a?.report({ replicaId, condition: toCondition('draining', 'stopped_by_request', cluster.clock.now()) });
  await cluster.until(() => (a?.started.length ?? 0) + (b?.started.length ?? 0) === 2);
});

test('an order under way is not given a second time', async () => {
  await using cluster = startGateway();
  const given: string[] = [];
  const put = (nodeId: string) => {
    given.push(nodeId);
    return new Promise(() => {});
  };
  Object.assign(cluster.memory.nodes, { putReplica: put });
  cluster.ask().catch(() => {});
  await cluster.pass(9000);
  expect(given).toEqual(['a']);
});

test('a node that never answers its order holds up nobody else', async () => {
  await using cluster = startGateway({ nodes: [{ id: 'a', isLocal: true }, { id: 'b' }], models: [{ name: 'one' }, { name: 'two' }] });
  const [, b] = cluster.machines;
  const put = cluster.memory.nodes.putReplica;
  const hangOnA = (nodeId: string, spec: ReplicaSpec) => (nodeId === 'a' ? new Promise(() => {}) : put(nodeId, spec));
  Object.assign(cluster.memory.nodes, { putReplica: hangOnA });
  const asked = cluster.ask({ model: 'one' });
  await cluster.until(() => b?.started.length === 1); // after the deadline of the order to a
  expect((await asked).node.id).toBe('b');
});

test('a failed copy of a configured model is tried again after growing pauses', async () => {
  await using cluster = startGateway({ nodes: [{ id: 'a', state: 'starting' }], configured: [{ name: 'starter' }] });
  const [a] = cluster.machines;
  const tries: number[] = [];
  const load = () => {
    tries.push(cluster.clock.now());
    return tries.length < 4
      ? toCondition('failed', 'engine_crashed', cluster.clock.now())
      : toCondition('ready', 'serving', cluster.clock.now());
  };
  if (a) a.onLoad = load;
  a?.setState('ready', 'serving');
  await cluster.until(() => cluster.gateway.running().length === 1);
  const pauses = tries.map((at, index) => at - (tries[index - 1] ?? at)).slice(1);
  expect(pauses).toEqual(pauses.toSorted((x, y) => x - y));
  expect(pauses).toHaveLength(3);
});

test('a load that stands still is given up with its reason', async () => {
  await using cluster = startGateway({ inference: { loadTimeoutSeconds: 30 } });
  const [a] = cluster.machines;
  if (a) a.onLoad = never;
  const model = await cluster.registry.resolve('starter');
  const asked = cluster.ask().catch((error: ClusterError) => error);
  await cluster.pass(35_000);
  expect(a?.stopped).toHaveLength(1);
  expect(cluster.gateway.conditionOf(model)).toMatchObject({ state: 'failed', reason: 'load_timeout' });
  expect(await asked).toMatchObject({ code: expect.stringMatching(/model_loading|model_failed/) });
});

test('an idle model makes room for one that is asked for', async () => {
  const models = [
    { name: 'old', sizeBytes: 5 * gib },
    { name: 'new', sizeBytes: 5 * gib },
  ];
  await using cluster = startGateway({ nodes: [{ id: 'a', memoryBytes: 8 * gib }], models });
  const [a] = cluster.machines;
  await Promise.all([
    cluster.ask({ model: 'old' }).then(({ body }) => body.resume()),
    cluster.until(() => cluster.gateway.running().length === 1),
  ]);
  await cluster.until(() => cluster.gateway.measure().active === 0);
  const [{ replicaId } = { replicaId: '' }] = a?.replicas() ?? [];
  a?.report({ replicaId, memoryBytes: 6 * gib });
  a?.setMemory(2 * gib); // the node measures again later; what was given back counts at once
  const asked = cluster.ask({ model: 'new' });
  await cluster.until(() => cluster.gateway.running()[0]?.model.name === 'new');
  await asked;
  expect(a?.started.map(({ model }) => model)).toEqual(['old', 'new']);
});

test('an order that a node refuses is a failure with its reason', async () => {
  await using cluster = startGateway();
  const refusal = new ClusterError('unsupported_feature', 'This node has no such engine.');
  Object.assign(cluster.memory.nodes, { putReplica: () => Promise.reject(refusal) });
  const asked = cluster.ask();
  asked.catch(() => {});
  await cluster.pass(1000);
  await expect(asked).rejects.toMatchObject({
    code: 'unsupported_feature',
    message: 'starter could not be loaded: This node has no such engine.',
  });
});
