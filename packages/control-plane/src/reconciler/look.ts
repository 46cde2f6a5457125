import type { Node, ReplicaReport } from '@cluster-ai/contracts';
import type { ClusterView, NodeView, ReplicaView, WishView } from '../scheduler/view.ts';
import type { Deployment, Deployments } from './deployments.ts';
import type { Failures } from './failures.ts';
import type { Order, Orders } from './orders.ts';
import type { Sightings } from './sightings.ts';

interface LookDeps {
  readonly nodes: readonly Node[];
  readonly deployments: Deployments;
  readonly orders: Orders;
  readonly sightings: Sightings;
  readonly failures: Failures;
  readonly inFlight: ReadonlyMap<string, number>;
  /** What a replica that we did not order needs. */
  readonly requiredBytesOf: (report: ReplicaReport) => number;
  readonly isSettling: boolean;
  readonly isSuspect: boolean;
  readonly nowMs: number;
}

function toNodeView(node: Node, sightings: Sightings): NodeView {
  return {
    id: node.id,
    name: node.name,
    state: node.condition.state,
    isLocal: node.isLocal,
    memoryBytes: node.hardware?.memoryBytes ?? 0,
    availableBytes: node.metrics === null ? undefined : node.metrics.memoryAvailableBytes + sightings.givenBack(node.id),
    weights: sightings.weightsOf(node.id),
  };
}

function toWishView(deployment: Deployment): WishView {
  return { ...deployment, model: deployment.model.reference };
}

function toReplicaView(nodeId: string, report: ReplicaReport, look: LookDeps): ReplicaView {
  return {
    replicaId: report.replicaId,
    nodeId,
    digest: report.digest,
    state: report.condition.state,
    requiredBytes: look.requiredBytesOf(report),
    residentBytes: report.memoryBytes,
    inFlight: look.inFlight.get(report.replicaId) ?? 0,
    lastUsedMs: look.deployments.find(report.digest)?.lastUsedMs ?? 0,
    isStuck: look.sightings.isStuck(report),
    isLeaving: report.condition.state === 'draining' || look.orders.find(report.replicaId)?.type === 'stop',
  };
}

function toOrderedView({ replicaId, nodeId, digest, requiredBytes, givenAtMs }: Order): ReplicaView {
  const fresh = { residentBytes: 0, inFlight: 0, isStuck: false, isLeaving: false } as const;
  return { ...fresh, replicaId, nodeId, digest, requiredBytes, state: 'starting', lastUsedMs: givenAtMs };
}

/** The picture that decisions are made from. */
export function toClusterView(look: LookDeps): ClusterView {
  const reported = look.nodes.flatMap((node) => node.replicas.map((report) => toReplicaView(node.id, report, look)));
  const inSight = new Set(reported.map(({ replicaId }) => replicaId));
  const ordered = look.orders.list().filter(({ type, replicaId }) => type === 'start' && !inSight.has(replicaId));
  return {
    nowMs: look.nowMs,
    isSuspect: look.isSuspect,
    isSettling: look.isSettling,
    nodes: look.nodes.map((node) => toNodeView(node, look.sightings)),
    wishes: look.deployments.list().map(toWishView),
    replicas: [...reported, ...ordered.map(toOrderedView)],
    failures: look.failures.list(),
  };
}
