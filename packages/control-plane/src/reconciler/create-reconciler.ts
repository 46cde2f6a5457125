import {
  ClusterError,
  type Condition,
  type Config,
  type Node,
  type ReasonCode,
  type ReplicaReport,
  type ReplicaSpec,
  reasons,
  toClusterError,
  toCondition,
} from '@cluster-ai/contracts';
import { type Clock, type Logger, newId } from '@cluster-ai/runtime';
import type { Nodes } from '../nodes/nodes.ts';
import type { Registry } from '../registry/registry.ts';
import { decideReplicas } from '../scheduler/decide-replicas.ts';
import type { Action } from '../scheduler/view.ts';
import { createDeployments, type Deployment, requiredMemory } from './deployments.ts';
import { createFailures } from './failures.ts';
import { createFences } from './fences.ts';
import { toClusterView } from './look.ts';
import { createOrders } from './orders.ts';
import { type BlockedSince, toOutlook } from './outlook.ts';
import type { Reconciler } from './reconciler.ts';
import { createSightings } from './sightings.ts';
import { createWishKeeper } from './wish-keeper.ts';

/** The machines, and whether whoever watches them doubts its own network more than theirs. */
export type WatchedNodes = Nodes & { isSuspectingItself?(): boolean };

export interface ReconcilerDeps {
  readonly nodes: WatchedNodes;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Logger;
  readonly config: Config;
}

const TICK_MS = 1000;
/** Busy nodes report often; their changes are looked at together. A new wish is looked at at once. */
const QUIET_MS = 20;
/** A node that does not answer an order within this time is left to itself; its next report tells what it did. */
const ORDER_DEADLINE_MS = 10_000;
/** After our own start the nodes get this long to tell what they run before anything is placed beside it. */
const SETTLE_MS = 5000;
/** A copy that has run this long has earned a fresh count of failures. */
const HEALTHY_AFTER_MS = 30_000;

type StopAction = Extract<Action, { type: 'stop-replica' }>;
type StartAction = Extract<Action, { type: 'start-replica' }>;

function toFailedCondition(error: ClusterError, nowMs: number): Condition {
  const reason: ReasonCode =
    error.code in reasons ? (error.code as ReasonCode) : error.code === 'unsupported_feature' ? 'unsupported_model' : 'node_lost';
  return toCondition('failed', reason, nowMs, {
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    said: error.said,
  });
}

/** Look, decide, act; woken by changes of nodes and wishes, and by a slow tick. */
export function createReconciler({ nodes, registry, clock, log, config }: ReconcilerDeps): Reconciler {
  const deployments = createDeployments({ defaults: config.inference, clock });
  const sightings = createSightings({ clock, stuckAfterMs: config.inference.loadTimeoutSeconds * 1000 });
  const failures = createFailures({ clock });
  const fences = createFences(() => clock.now());
  const orders = createOrders(() => clock.now());
  const wishes = createWishKeeper({ deployments, registry, config, log, firstFence: fences.next() });
  const inFlight = new Map<string, number>();
  const blocked = new Map<string, BlockedSince>();
  const rests = new Map<string, Condition>();
  const seenFailures = new Set<string>();
  const listeners = new Set<() => void>();
  const startedAtMs = clock.now();
  let turn = new AbortController();
  let quiet = new AbortController();
  const wakeSoon = () => turn.abort();
  const wake = () => {
    quiet.abort();
    turn.abort();
  };

  function requiredBytesOf(report: ReplicaReport): number {
    const model = deployments.find(report.digest)?.model ?? wishes.identified(report);
    if (model === undefined) return report.memoryBytes;
    return requiredMemory(model, { contextSize: report.contextSize ?? undefined, parallel: report.parallel ?? undefined });
  }

  /** Learns from reports: what failed, what runs well again, which number to stay above. */
  function learn(node: Node, report: ReplicaReport): void {
    fences.see(report.fence);
    if (report.condition.state === 'failed' && !seenFailures.has(report.replicaId)) {
      seenFailures.add(report.replicaId);
      const { reason, message } = failures.record(report.digest, node.id, report.condition).condition;
      log.warn({ model: report.model, node: node.name, reason, detail: message }, 'A replica failed');
    }
    const isHealthy = report.condition.state === 'ready' && clock.now() - Date.parse(report.condition.since) > HEALTHY_AFTER_MS;
    if (isHealthy) failures.clear(report.digest);
  }

  async function look(): Promise<readonly Node[]> {
    await wishes.refresh(nodes.list());
    const seen = nodes.list();
    const inSight = new Set(seen.flatMap(({ replicas }) => replicas.map(({ replicaId }) => replicaId)));
    sightings.look(seen);
    orders.settle(inSight);
    for (const node of seen) for (const report of node.replicas) learn(node, report);
    for (const id of seenFailures) if (!inSight.has(id)) seenFailures.delete(id);
    failures.forgetOld();
    return seen;
  }

  function isSettling(seen: readonly Node[]): boolean {
    return (
      clock.now() - startedAtMs < SETTLE_MS && seen.some(({ condition }) => condition.state !== 'ready' && condition.state !== 'degraded')
    );
  }

  async function withDeadline<Value>(work: Promise<Value>, what: string): Promise<Value> {
    const timer = new AbortController();
    const late = clock.sleep(ORDER_DEADLINE_MS, timer.signal).then(() => {
      throw new ClusterError('node_unreachable', `The node did not answer the order to ${what} in time.`);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      late.catch(() => {});
      timer.abort();
    }
  }

  function toSpec(deployment: Deployment, replicaId: string): ReplicaSpec {
    const { model, engine, options } = deployment;
    const file = { digest: model.file.digest, sizeBytes: model.file.sizeBytes, path: model.path };
    return { replicaId, fence: fences.next(), model: model.reference, engine, file, options };
  }

  async function start({ digest, nodeId, why }: StartAction): Promise<void> {
    const deployment = deployments.find(digest);
    if (!deployment) return;
    const spec = toSpec(deployment, newId('replica', clock.now()));
    const order = orders.give({ type: 'start', replicaId: spec.replicaId, nodeId, digest, requiredBytes: deployment.requiredBytes });
    log.info({ model: spec.model, replica: spec.replicaId, nodeId, why }, 'Starting a replica');
    try {
      await withDeadline(nodes.putReplica(nodeId, spec), 'start a replica');
      order.isTaken = true;
    } catch (thrown) {
      const error = toClusterError(thrown);
      orders.close(spec.replicaId);
      failures.record(digest, nodeId, toFailedCondition(error, clock.now()));
      log.warn({ model: spec.model, nodeId, code: error.code, error: thrown }, 'A node did not take the order to start a replica');
    }
    wake();
  }

  async function stop({ replicaId, nodeId, reason, why }: StopAction): Promise<void> {
    const digest =
      nodes
        .list()
        .flatMap(({ replicas }) => replicas)
        .find((replica) => replica.replicaId === replicaId)?.digest ?? '';
    const order = orders.give({ type: 'stop', replicaId, nodeId, digest, requiredBytes: 0 });
    if (reason === 'load_timeout') failures.record(digest, nodeId, toCondition('failed', 'load_timeout', clock.now()));
    log.info({ replica: replicaId, nodeId, reason, why }, 'Stopping a replica');
    try {
      await withDeadline(nodes.deleteReplica(nodeId, replicaId, fences.next()), 'stop a replica');
      order.isTaken = true;
    } catch (thrown) {
      orders.close(replicaId);
      log.warn(
        { replica: replicaId, nodeId, code: toClusterError(thrown).code, error: thrown },
        'A node did not take the order to stop a replica',
      );
    }
    wake();
  }

  function act(action: Action): void {
    switch (action.type) {
      case 'drop-wish':
        dismiss(action.digest, action.reason);
        break;
      case 'start-replica':
        void start(action);
        break;
      case 'stop-replica':
        void stop(action);
        break;
    }
  }

  function dismiss(digest: string, reason: ReasonCode): void {
    rests.set(digest, toCondition('asleep', reason, clock.now()));
    deployments.drop(digest);
    wake();
  }

  async function step(): Promise<void> {
    const seen = await look();
    const view = toClusterView({
      nodes: seen,
      deployments,
      orders,
      sightings,
      failures,
      inFlight,
      requiredBytesOf,
      isSettling: isSettling(seen),
      isSuspect: nodes.isSuspectingItself?.() ?? false,
      nowMs: clock.now(),
    });
    const decision = decideReplicas(view);
    const earlier = new Map(blocked);
    blocked.clear();
    for (const entry of decision.blocked)
      blocked.set(entry.digest, { ...entry, sinceMs: earlier.get(entry.digest)?.sinceMs ?? clock.now() });
    for (const action of decision.actions) act(action);
    for (const listener of listeners) listener();
  }

  function nextTurnMs(): number {
    const due = [
      ...deployments.list().map(({ isConfigured, expiresAtMs }) => (isConfigured ? undefined : expiresAtMs)),
      ...failures.list().map(({ retryAtMs }) => (retryAtMs > clock.now() ? retryAtMs : undefined)),
    ].flatMap((at) => (at === undefined ? [] : [at - clock.now()]));
    return Math.max(0, Math.min(TICK_MS, ...due));
  }

  return {
    deployments,
    inFlight,
    wake,
    dismiss,
    async run(signal) {
      const stopListening = nodes.onChange(wakeSoon);
      signal.addEventListener('abort', wake, { once: true });
      while (!signal.aborted) {
        turn = new AbortController();
        quiet = new AbortController();
        try {
          await step();
        } catch (error) {
          log.error({ error }, 'A look at the cluster failed; the next one tries again');
        }
        await clock.sleep(QUIET_MS, quiet.signal).catch(() => {});
        await clock.sleep(nextTurnMs(), turn.signal).catch(() => {});
      }
      stopListening();
    },
    outlook: (digest) =>
      toOutlook({
        digest,
        nodes: nodes.list(),
        isOrdered: orders.list().some((order) => order.type === 'start' && order.digest === digest),
        isWanted: deployments.find(digest) !== undefined,
        failure: failures.latest(digest),
        blocked: blocked.get(digest),
        lastRest: rests.get(digest),
        startedAtMs,
        nowMs: clock.now(),
      }),
    isLeaving: (replicaId) => orders.find(replicaId)?.type === 'stop',
    onLooked(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
