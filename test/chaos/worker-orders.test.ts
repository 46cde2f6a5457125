import { createHash } from 'node:crypto';
import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterError, toCondition, type WorkerReport, type WorkerSpec } from '@cluster-ai/contracts';
import { blobSession } from '@cluster-ai/runtime';
import { expect, test } from 'vitest';
import type { Compute } from '../../packages/agent/src/dask/compute.ts';
import { createLazyCompute } from '../../packages/agent/src/dask/lazy-compute.ts';
import { trustOf } from '../../packages/agent/src/link/blob-client.ts';
import { ask, endSession } from '../../packages/agent/src/link/control-plane-client.ts';
import { dial, toClientSession } from '../../packages/agent/src/link/dial.ts';
import { loadIdentity } from '../../packages/agent/src/link/identity.ts';
import { isState, makeTestFolder, openTestAgent, openTestControlPlane, until } from './fixtures/link-parts.ts';

const never = new AbortController().signal;
const invitation = { name: '', ttlSeconds: 600, listenHost: '127.0.0.1' };
const spec: WorkerSpec = {
  fence: 1,
  name: 'worker',
  scheduler: 'tls://127.0.0.1:1',
  authority: '',
  certificate: '',
  key: '',
  lock: '',
  python: '3.11',
  host: '127.0.0.1',
  port: 0,
  threads: 1,
  memoryLimitBytes: 1,
  resources: {},
  dataFolders: [],
  profile: 'default',
};
const toReport = ({ name, fence }: WorkerSpec): WorkerReport => ({
  name,
  fence,
  condition: toCondition('ready', 'serving', 0),
  progress: null,
  versions: null,
  restarts: 0,
});

/** A node whose worker is there as soon as it is ordered. */
function createFakeCompute() {
  const orders: string[] = [];
  const listeners = new Set<() => void>();
  let report: WorkerReport | undefined;
  const set = (next: WorkerReport | undefined) => {
    report = next;
    for (const listener of listeners) listener();
  };
  const compute: Compute = {
    report: () => report,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async putWorker(wish) {
      if (report && wish.fence < report.fence) throw new ClusterError('stale_order', 'An older order.');
      orders.push(`put ${wish.fence}`);
      set(toReport(wish));
      return toReport(wish);
    },
    async retireWorker(fence) {
      orders.push(`retire ${fence}`);
      const last = report;
      set(undefined);
      return last;
    },
    probe: async () => ({ isReachable: true, message: '', tookMs: 1 }),
    listen: async (place) => ({ ...place, port: 4000 }),
    async [Symbol.asyncDispose]() {},
  };
  return { orders, set, lazy: createLazyCompute(async () => compute) };
}

test('an order for a worker reaches its node and no other; what the node says of it is kept until it retires', async () => {
  await using cluster = await openTestControlPlane();
  const { nodes } = cluster;
  const [first, second] = [createFakeCompute(), createFakeCompute()];
  await using one = await openTestAgent({ ...(await nodes.invite(invitation)), compute: first.lazy });
  await using other = await openTestAgent({ ...(await nodes.invite(invitation)), compute: second.lazy });
  const [oneId, otherId] = [one.link.nodeId, other.link.nodeId];
  for (const id of [oneId, otherId]) await until(isState(nodes, id, 'ready'), 'both nodes to be ready');

  expect(await nodes.orderWorker(oneId, { ...spec, fence: 4 })).toMatchObject({ name: 'worker', fence: 4 });
  await until(() => nodes.worker(oneId)?.fence === 4, 'the report of the worker');
  expect(nodes.worker(otherId)).toBeUndefined();
  expect([first.orders, second.orders]).toEqual([['put 4'], []]);
  await expect(nodes.orderWorker(oneId, { ...spec, fence: 3 })).rejects.toMatchObject({ code: 'stale_order' });
  expect(await nodes.probe(oneId, { host: '127.0.0.1', port: 1, timeoutMs: 100 })).toMatchObject({ isReachable: true });
  expect(await nodes.listenForProbe(oneId, { host: '127.0.0.1', port: 0 })).toEqual({ host: '127.0.0.1', port: 4000 });

  expect(await nodes.retireWorker(oneId, 5)).toMatchObject({ fence: 4 });
  expect(nodes.worker(oneId)).toBeUndefined();
  first.set(toReport({ ...spec, fence: 4 })); // what was on its way when it retired
  first.set(toReport({ ...spec, fence: 6 }));
  await until(() => nodes.worker(oneId) !== undefined, 'the report of a newer worker');
  expect(nodes.worker(oneId)?.fence).toBe(6);
  expect(await nodes.retireWorker(otherId, 5)).toBeUndefined();
});

test('attack C2: with a stolen certificate nobody orders workers, speaks for another node’s, or gets the files of tasks', async () => {
  using files = makeTestFolder();
  const bytes = Buffer.from('a model that tasks use');
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const path = join(files.root, 'weights');
  writeFileSync(path, bytes);
  const locateBlob = async () => ({ filePath: path, sizeBytes: bytes.length, read: async () => createReadStream(path) });
  await using cluster = await openTestControlPlane({ locateBlob });
  const { nodes } = cluster;
  const [thief, honest] = [createFakeCompute(), createFakeCompute()];
  await using victim = await openTestAgent({ ...(await nodes.invite(invitation)), compute: thief.lazy });
  await using other = await openTestAgent({ ...(await nodes.invite(invitation)), compute: honest.lazy });
  const [victimId, otherId] = [victim.link.nodeId, other.link.nodeId];
  for (const id of [victimId, otherId]) await until(isState(nodes, id, 'ready'), 'both nodes to be ready');
  await nodes.orderWorker(otherId, spec);
  const openBlobs = async (folder: typeof victim.folder) => {
    const identity = loadIdentity(folder);
    if (!identity) throw new Error('The agent has no identity.');
    return toClientSession(await dial(identity.address, 'cai-blob', trustOf(identity), never), blobSession);
  };
  const [stolen, rightful] = await Promise.all([openBlobs(victim.folder), openBlobs(other.folder)]);

  const body = Buffer.from(JSON.stringify({ ...spec, fence: 9, scheduler: 'tls://evil:1' }));
  for (const [method, route] of [
    ['PUT', '/compute/worker'],
    ['DELETE', '/compute/worker?fence=9'],
    ['POST', '/compute/probe'],
    ['POST', '/compute/listen'],
  ] as const)
    await expect(ask(stolen, { method, path: route, body, signal: never }), route).rejects.toMatchObject({ code: 'unknown_route' });
  expect(honest.orders).toEqual(['put 1']);

  thief.set(toReport({ ...spec, fence: 99, name: 'the worker of the other' }));
  await nodes.probe(victimId, { host: '127.0.0.1', port: 1, timeoutMs: 100 }); // opens its part, so that it can report
  thief.set(toReport({ ...spec, fence: 100, name: 'the worker of the other' }));
  await until(() => nodes.worker(victimId) !== undefined, 'the lie to be heard');
  expect(nodes.worker(otherId)).toMatchObject({ fence: 1, name: 'worker' });

  const get = (session: typeof stolen) => ask(session, { method: 'GET', path: `/blobs/${digest}`, signal: never });
  await expect(get(rightful)).rejects.toMatchObject({ code: 'blob_not_found' }); // no task needs it
  const share = nodes.shareWithWorkers(digest);
  await expect(get(stolen)).rejects.toMatchObject({ code: 'blob_not_found' }); // no worker was ordered there
  expect(Buffer.concat(await (await get(rightful)).body.toArray())).toEqual(bytes);
  share[Symbol.dispose]();
  await expect(get(rightful)).rejects.toMatchObject({ code: 'blob_not_found' });
  for (const session of [stolen, rightful]) endSession(session);
});
