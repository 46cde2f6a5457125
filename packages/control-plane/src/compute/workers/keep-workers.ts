import {
  type ComputeProfile,
  type Config,
  type Node,
  type Pool,
  type PoolName,
  poolNames,
  toClusterError,
  type Worker,
} from '@cluster-ai/contracts';
import type { Clock, Logger, ReadyPython } from '@cluster-ai/runtime';
import { isLoopback } from '../../listeners/allowed-hosts.ts';
import type { Nodes, WorkerOrders } from '../../nodes/nodes.ts';
import { createFences } from '../../reconciler/fences.ts';
import { type ComputeCertificates, lifeHours } from '../certificates/compute-certificates.ts';
import type { PoolLimits } from '../compute-settings.ts';
import { createPools, type Demand } from '../pools/pools.ts';
import type { DaskScheduler, SchedulerPlace } from '../scheduler/dask-scheduler.ts';
import type { SeenWorker } from '../scheduler/read-scheduler.ts';
import { decideWorkers, type WorkerAction, type WorkerNode } from './decide-workers.ts';
import { createKnownNodes, type KnownNode } from './known-nodes.ts';
import { toWorkers } from './to-workers.ts';
import { type Peer, tryReach } from './try-reach.ts';
import { gatewayMemoryBytes, gatewayResources, hostFor, memoryFor, poolOf, resourcesFor, threadsFor, toWorkerSpec } from './worker-spec.ts';

/** The machines, as far as compute needs them. */
export type ComputeNodes = Pick<Nodes, 'list' | 'onChange'> & Omit<WorkerOrders, 'shareWithWorkers'>;

export interface WorkerKeeperDeps {
  readonly nodes: ComputeNodes;
  readonly scheduler: Pick<DaskScheduler, 'place'>;
  /** The workers that the scheduler knows. Throws when it does not answer. */
  readonly look: (place: SchedulerPlace, signal: AbortSignal) => Promise<readonly SeenWorker[]>;
  readonly python: ReadyPython;
  readonly certificates: ComputeCertificates;
  readonly config: Config['compute'];
  readonly profile: ComputeProfile;
  /** What people chose, by pool. */
  readonly limits: () => Readonly<Partial<Record<PoolName, PoolLimits>>>;
  readonly demand: () => Demand;
  /** The nodes for which the worker beside the scheduler speaks are others than before. */
  readonly onProxied: (nodeIds: readonly string[]) => void;
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly log: Logger;
}

const lookEveryMs = 5000;
const quietMs = 100;
const retireWithinMs = 3000;
/** An agent that knows nothing of its order after this has lost it, with its life. */
const orderLostAfterMs = 15_000;
const thirdOfLifeMs = (lifeHours * 60 * 60_000) / 3;
/** The way to a worker that fails is tried again after this. */
const doubtAfterMs = 60_000;
const onlyHere = 'the scheduler listens on its own machine only; compute.scheduler.host in cluster.yaml opens it';
const unableReasons: ReadonlySet<string> = new Set(['python_missing', 'python_other', 'no_sandbox']);

const toPlace = (address: string) => {
  const { hostname, port } = new URL(address.replace(/^tls:/, 'http:'));
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) };
};

/** Looks, decides, acts: which nodes have a worker of Dask. */
export function createWorkerKeeper(deps: WorkerKeeperDeps) {
  const { nodes, scheduler, python, certificates, config, profile, clock, log } = deps;
  const known = createKnownNodes(() => clock.now());
  const fences = createFences(() => clock.now());
  const pools = createPools({ config: config.pools, limits: deps.limits, now: () => clock.now() });
  let seen: readonly SeenWorker[] = [];
  let proxied: readonly string[] = [];
  let turn = new AbortController();

  const seenOf = (name: string) => seen.find((worker) => worker.name === name);

  function isOutdated({ order, orderedAtMs, certificateUntilMs }: KnownNode, node: Node, place: SchedulerPlace): boolean {
    if (order === undefined) return false;
    const isLost = nodes.worker(node.id) === undefined && clock.now() - orderedAtMs > orderLostAfterMs;
    const isElsewhere = order.scheduler !== place.address || order.host !== hostFor(node, place);
    return isLost || isElsewhere || certificateUntilMs - clock.now() < thirdOfLifeMs;
  }

  function toView(node: Node, place: SchedulerPlace): WorkerNode {
    const state = known.of(node.id, node.address);
    const report = nodes.worker(node.id);
    if (report !== undefined) fences.see(report.fence);
    const isDoubtful =
      report?.condition.state === 'failed' && seenOf(node.name) === undefined && clock.now() - state.triedAtMs > doubtAfterMs;
    if (isDoubtful && !state.isBusy) state.reach = 'unknown'; // the network may be another one by now
    return {
      id: node.id,
      pool: poolOf(node),
      isReady: node.condition.state === 'ready' || node.condition.state === 'degraded',
      reach: state.reach,
      isUnable: report !== undefined && unableReasons.has(report.condition.reason),
      isOrdered: state.order !== undefined,
      isOutdated: isOutdated(state, node, place),
      running: seenOf(node.name)?.running ?? 0,
      cores: node.hardware?.cpuCores ?? 0,
      isBusy: state.isBusy,
    };
  }

  const peersOf = (nodeId: string): readonly Peer[] =>
    nodes.list().flatMap(({ id, name }) => {
      const worker = seenOf(name);
      return id === nodeId || worker === undefined ? [] : [{ nodeId: id, name, place: toPlace(worker.address) }];
    });

  async function probe(node: Node, state: KnownNode, place: SchedulerPlace): Promise<void> {
    const wish = { host: hostFor(node, place), port: config.workers.port };
    // elsewhere the same address is another machine, where something else may answer
    const isOnlyHere = isLoopback(place.host) && !isLoopback(wish.host);
    state.obstacle = isOnlyHere ? onlyHere : await tryReach({ nodes, scheduler: place }, node.id, wish, peersOf(node.id));
    state.triedAtMs = clock.now();
    state.reach = state.obstacle === '' ? 'reachable' : 'not_reachable';
    if (state.reach === 'not_reachable')
      log.warn({ node: node.name, obstacle: state.obstacle }, 'A node cannot have a worker: others do not find it');
  }

  async function order(node: Node, state: KnownNode, place: SchedulerPlace): Promise<void> {
    const certificate = await certificates.mint(`worker ${node.name}`, lifeHours);
    const spec = toWorkerSpec({ node, scheduler: place, python, certificate, config, profile, fence: fences.next() });
    await nodes.orderWorker(node.id, spec);
    Object.assign(state, { order: spec, orderedAtMs: clock.now(), certificateUntilMs: certificate.expiresAtMs });
    log.info({ node: node.name, threads: spec.threads }, 'A node was told to run a worker');
  }

  async function retire(node: Node, state: KnownNode): Promise<void> {
    await nodes.retireWorker(node.id, fences.next());
    state.order = undefined;
    log.info({ node: node.name }, 'The worker of a node was retired');
  }

  async function act({ type, nodeId }: WorkerAction, node: Node, place: SchedulerPlace): Promise<void> {
    const state = known.of(nodeId, node.address);
    state.isBusy = true;
    try {
      if (type === 'probe') await probe(node, state, place);
      else if (type === 'order') await order(node, state, place);
      else await retire(node, state);
    } catch (error) {
      log.warn(
        { node: node.name, order: type, code: toClusterError(error).code, err: error },
        'A node did not take an order for its worker',
      );
    } finally {
      state.isBusy = false;
      wake();
    }
  }

  const wake = () => turn.abort();

  async function step(signal: AbortSignal): Promise<void> {
    const place = scheduler.place();
    if (place === undefined) return;
    seen = await deps.look(place, signal);
    const list = nodes.list();
    known.keepOnly(new Set(list.map(({ id }) => id)));
    const views = list.map((node) => toView(node, place));
    const threads = new Map(list.map((node) => [node.id, threadsFor(node, config.workers.threads)]));
    const wanted = pools.decide(views, deps.demand(), (id) => threads.get(id) ?? 1);
    const decision = decideWorkers(views, wanted);
    for (const action of decision.actions) {
      const node = list.find(({ id }) => id === action.nodeId);
      if (node !== undefined) void act(action, node, place);
    }
    if (decision.proxied.join() !== proxied.join()) {
      proxied = decision.proxied;
      deps.onProxied(proxied);
    }
    deps.onChange();
  }

  /** Compute is turned off, or starts anew: nobody's worker stays. */
  async function retireAll(): Promise<void> {
    const late = new AbortController();
    const retiring = known.ordered().map((id) => nodes.retireWorker(id, fences.next()).catch(() => {})); // gone nodes end theirs by themselves
    await Promise.race([Promise.all(retiring), clock.sleep(retireWithinMs, late.signal).catch(() => {})]);
    late.abort();
  }

  return {
    workers: (): readonly Worker[] =>
      toWorkers({ nodes: nodes.list(), seen, proxied, known: known.find, report: nodes.worker, nowMs: clock.now() }),
    pools: (): readonly Pool[] => poolNames.flatMap((name) => pools.describe(name) ?? []),
    /** What each machine offers or could offer, whether its worker runs now or not, and the one beside the scheduler. */
    offers: () => [
      { resources: gatewayResources(proxied), memoryLimitBytes: gatewayMemoryBytes },
      ...nodes
        .list()
        .filter(({ id }) => !proxied.includes(id))
        .map((node) => ({ resources: resourcesFor(node), memoryLimitBytes: memoryFor(node, config.workers.memory) })),
    ],
    wake,
    async run(signal: AbortSignal): Promise<void> {
      const stopListening = nodes.onChange(wake);
      signal.addEventListener('abort', wake, { once: true });
      while (!signal.aborted) {
        turn = new AbortController();
        await step(signal).catch((error: unknown) => {
          if (!signal.aborted) log.warn({ err: error }, 'A look at the workers failed; the next one tries again');
        });
        await clock.sleep(quietMs, signal).catch(() => {});
        await clock.sleep(lookEveryMs, turn.signal).catch(() => {});
      }
      stopListening();
      await retireAll();
    },
  };
}
export type WorkerKeeper = ReturnType<typeof createWorkerKeeper>;
