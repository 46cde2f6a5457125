import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { configShape, type Node, type ProbeAnswer, toCondition, type WorkerReport, type WorkerSpec } from '@cluster-ai/contracts';
import { createManualClock, type ReadyPython, silentLogger } from '@cluster-ai/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SeenWorker } from '../scheduler/read-scheduler.ts';
import { createWorkerKeeper } from './keep-workers.ts';

let listening: Server;
let port: number;
beforeEach(async () => {
  listening = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(listening, 'listening');
  ({ port } = listening.address() as { port: number });
});
afterEach(() => void listening.close());

const clock = createManualClock();
const ready = toCondition('ready', 'serving', clock.now());

const toNode = (id: string, more: Partial<Node> = {}): Node => ({
  id,
  name: `machine-${id}`,
  condition: ready,
  isLocal: true,
  address: '127.0.0.1',
  agentVersion: '1',
  joinedAt: ready.since,
  lastSeenAt: null,
  roundTripMs: 1,
  hardware: {
    hostname: id,
    platform: 'linux',
    arch: 'x64',
    osName: '',
    cpuModel: '',
    cpuCores: 4,
    memoryBytes: 8e9,
    gpus: [],
    diskTotalBytes: 1,
  },
  metrics: null,
  metricsAt: null,
  replicas: [],
  weights: null,
  certificateExpiresAt: null,
  ...more,
});

const python = { lock: 'abc', versions: { python: '3.11.7', dask: '1', distributed: '1', cloudpickle: '1' } } as ReadyPython;

/** As if two thirds of a certificate's life were almost over when it is given out: days of looks take long, also by a manual clock. */
const lifeLeftMs = 60_000;

/** Machines whose agents do as they are told, and what they were told. */
function createWorld(list: Node[], host = '127.0.0.1') {
  const orders: { readonly nodeId: string; readonly spec: WorkerSpec }[] = [];
  const reports = new Map<string, WorkerReport>();
  const retired: string[] = [];
  const walls = new Map<string, string>();
  let seen: SeenWorker[] = [];
  let proxied: readonly string[] = [];
  let demand = 0;
  const minted: string[] = [];
  const keeper = createWorkerKeeper({
    nodes: {
      list: () => list,
      onChange: () => () => {},
      worker: (id) => reports.get(id),
      async orderWorker(nodeId, spec) {
        orders.push({ nodeId, spec });
        const report = { name: spec.name, fence: spec.fence, condition: ready, progress: null, versions: python.versions, restarts: 0 };
        reports.set(nodeId, report);
        seen = [
          ...seen.filter(({ name }) => name !== spec.name),
          {
            name: spec.name,
            address: `tls://127.0.0.1:${port}`,
            threads: spec.threads,
            memoryLimitBytes: 1,
            memoryBytes: 0,
            spilledBytes: 0,
            resources: spec.resources,
            running: 0,
          },
        ];
        return report;
      },
      async retireWorker(nodeId) {
        retired.push(nodeId);
        reports.delete(nodeId);
        return undefined;
      },
      async probe(nodeId): Promise<ProbeAnswer> {
        const message = walls.get(nodeId) ?? '';
        return { isReachable: message === '', message, tookMs: 1 };
      },
      listenForProbe: async () => ({ host: '127.0.0.1', port }),
    },
    scheduler: { place: () => ({ address: `tls://${host}:8786`, host, port: 8786, dashboardPort: 1 }) },
    look: async () => seen,
    python,
    certificates: {
      authority: 'CA',
      async mint(name, hours) {
        minted.push(name);
        return { authority: 'CA', certificate: 'C', key: 'K', expiresAtMs: clock.now() + (hours / 3) * 3_600_000 + lifeLeftMs };
      },
    },
    config: configShape.parse({ compute: { pools: { cpu: { min: 1, idleSeconds: 60 } } } }).compute,
    profile: 'default',
    limits: () => ({}),
    demand: () => ({ cpu: { waiting: demand, running: 0 } }),
    onProxied: (ids) => {
      proxied = ids;
    },
    onChange: () => {},
    clock,
    log: silentLogger,
  });
  return { keeper, orders, reports, retired, walls, minted, proxied: () => proxied, ask: (count: number) => (demand = count) };
}

/** Runs it while something is tried, with looks as often as its clock has them. */
async function during(world: ReturnType<typeof createWorld>, work: (until: (isSo: () => boolean) => Promise<void>) => Promise<void>) {
  const stop = new AbortController();
  const running = world.keeper.run(stop.signal);
  await work(async (isSo) => {
    for (let tries = 0; !isSo(); tries++) {
      if (tries > 200) throw new Error('It did not come to that.');
      await clock.advance(1000);
      await new Promise((resolve) => setImmediate(resolve)); // what dials needs turns of the real world
    }
  });
  stop.abort();
  const ending = running.then(() => true);
  await clock.advance(5000);
  await ending;
}

test('a machine that can be reached gets a worker with what it needs, and loses it at the end', async () => {
  const world = createWorld([toNode('a')]);
  await during(world, (until) => until(() => world.orders.length === 1));
  expect(world.orders[0]?.spec).toMatchObject({
    name: 'machine-a',
    scheduler: 'tls://127.0.0.1:8786',
    python: '3.11',
    lock: 'abc',
    host: '127.0.0.1',
    threads: 4,
    memoryLimitBytes: 4e9,
    resources: { NODE_a: 1, POOL_cpu: 1 },
  });
  expect(world.retired).toEqual(['a']);
});

test('demand brings more workers, and idle ones go after a while', async () => {
  const world = createWorld([toNode('a'), toNode('b'), toNode('c')]);
  await during(world, async (until) => {
    await until(() => world.orders.length === 1);
    world.ask(12);
    await until(() => world.orders.length === 3);
    world.ask(0);
    await until(() => world.retired.length === 2);
  });
});

test('a machine that does not reach the others gets none, and the one beside the scheduler speaks for it', async () => {
  const world = createWorld([toNode('a'), toNode('phone', { isLocal: false, address: '192.0.2.7' })], '192.0.2.1');
  world.walls.set('phone', 'ETIMEDOUT');
  await during(world, async (until) => {
    await until(() => world.proxied().includes('phone'));
    const shown = world.keeper.workers().find(({ nodeId }) => nodeId === 'phone');
    expect(shown).toMatchObject({
      isProxy: true,
      condition: { state: 'degraded', reason: 'worker_not_reachable', message: expect.stringContaining('192.0.2.1:8786 (ETIMEDOUT)') },
    });
    world.walls.delete('phone');
  });
  expect(world.orders.map(({ nodeId }) => nodeId)).toEqual(['a']);
});

test('while the scheduler listens on its own machine only, others take no part', async () => {
  const world = createWorld([toNode('a'), toNode('b', { isLocal: false, address: '192.0.2.8' })]);
  await during(world, (until) => until(() => world.proxied().includes('b')));
  expect(world.keeper.workers().find(({ nodeId }) => nodeId === 'b')?.condition.message).toContain('compute.scheduler.host');
});

test('a machine with another Python is told, and another one takes its place', async () => {
  const world = createWorld([toNode('a'), toNode('b')]);
  await during(world, async (until) => {
    await until(() => world.orders.length === 1);
    const report = world.reports.get('a');
    if (report) world.reports.set('a', { ...report, condition: toCondition('stopped', 'python_differs', clock.now()) });
    await until(() => world.orders.some(({ nodeId }) => nodeId === 'b'));
    expect(world.proxied()).toContain('a');
  });
});

test('an agent that lost its order with its life gets it again, and a certificate is renewed before it ends', async () => {
  const world = createWorld([toNode('a')]);
  await during(world, async (until) => {
    await until(() => world.orders.length === 1);
    world.reports.clear();
    await until(() => world.orders.length === 2);
    await until(() => world.orders.length === 3);
  });
  expect(world.orders[2]?.spec.fence).toBeGreaterThan(world.orders[1]?.spec.fence ?? Number.POSITIVE_INFINITY);
});
