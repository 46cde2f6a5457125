import {
  type AgentReport,
  type Condition,
  type HardwareFacts,
  isSameCondition,
  type Node,
  type NodeMetrics,
  type ReplicaReport,
  toCondition,
  type WeightsReport,
  type WorkerReport,
} from '@cluster-ai/contracts';
import type { Verdict } from './decide-liveness.ts';
import type { NodeLink } from './node-link.ts';
import type { NodeRecord } from './node-record.ts';

/** A node as this process knows it: what is remembered, what it last reported, and the way to reach it. */
export interface LiveNode {
  record: NodeRecord;
  condition: Condition;
  link: NodeLink | undefined;
  /** Replaced links that still finish what they began. */
  readonly draining: Set<NodeLink>;
  /** Ways to close its other connections, on which it fetches weights. */
  readonly visits: Set<() => void>;
  /** Digests that it was ordered to run. */
  readonly orderedBlobs: Set<string>;
  /** Copies that it was ordered to run, newest last, with their digests. */
  readonly ordered: Map<string, string>;
  /** When it was last told that it reports what was never ordered. */
  strangersToldAtMs: number;
  incarnation: string;
  readonly pastIncarnations: Set<string>;
  /** Two agents were seen to use its certificate: nobody can say any more who is who. */
  isCopied: boolean;
  hardware: HardwareFacts | null;
  metrics: NodeMetrics | null;
  metricsAtMs: number | null;
  readonly replicas: Map<string, ReplicaReport>;
  weights: WeightsReport | null;
  worker: WorkerReport | null;
  /** A worker was ordered here and not retired since. */
  hasWorker: boolean;
  /** Of the newest order by which a worker was retired: what is said under older ones came late. */
  retiredFence: number;
  /** On the monotonic clock: the last answer, or when the wait for one began. */
  heardAtMs: number;
  hasAnswered: boolean;
  saidGoodbye: boolean;
  roundTripMs: number | null;
  lastSeenAtMs: number | null;
  lastAddress: string;
}

export function toLiveNode(record: NodeRecord, nowMs: number, monotonicMs: number): LiveNode {
  const hasConnected = record.lastSeenAt !== null;
  return {
    record,
    condition: toCondition('starting', hasConnected ? 'connecting' : 'joined', nowMs),
    link: undefined,
    draining: new Set(),
    visits: new Set(),
    orderedBlobs: new Set(),
    ordered: new Map(),
    strangersToldAtMs: Number.NEGATIVE_INFINITY,
    incarnation: '',
    pastIncarnations: new Set(),
    isCopied: false,
    hardware: record.facts.hardware,
    metrics: null,
    metricsAtMs: null,
    replicas: new Map(),
    weights: null,
    worker: null,
    hasWorker: false,
    retiredFence: -1,
    heardAtMs: monotonicMs,
    hasAnswered: false,
    saidGoodbye: false,
    roundTripMs: null,
    lastSeenAtMs: record.lastSeenAt,
    lastAddress: '',
  };
}

/** More than any machine can run: what an agent says must not fill the memory of others. */
const mostReplicas = 1000;

/** Takes over what the agent said. */
export function applyReport(node: LiveNode, report: AgentReport, nowMs: number): void {
  switch (report.type) {
    case 'snapshot':
      node.record = { ...node.record, facts: { agentVersion: report.agentVersion, hardware: report.hardware } };
      node.hardware = report.hardware;
      node.metrics = report.metrics;
      node.metricsAtMs = nowMs;
      node.replicas.clear();
      node.weights = report.weights ?? null;
      node.worker = null;
      if (report.worker) applyWorker(node, report.worker);
      for (const replica of report.replicas.slice(0, mostReplicas)) node.replicas.set(replica.replicaId, replica);
      return;
    case 'metrics':
      node.metrics = report.metrics;
      node.metricsAtMs = nowMs;
      return;
    case 'weights':
      node.weights = report.weights;
      return;
    case 'replica':
      if (node.replicas.size >= mostReplicas && !node.replicas.has(report.replica.replicaId)) return;
      node.replicas.set(report.replica.replicaId, report.replica);
      return;
    case 'worker':
      applyWorker(node, report.worker);
      return;
    case 'replica-gone':
      node.replicas.delete(report.replicaId);
      return;
    case 'goodbye':
      node.saidGoodbye = true;
      node.replicas.clear();
      node.worker = null;
  }
}

function applyWorker(node: LiveNode, worker: WorkerReport): void {
  if (worker.fence > node.retiredFence) node.worker = worker;
}

/** True when it changed what people see; `since` stays while nothing does. */
export function applyVerdict(node: LiveNode, { state, reason }: Verdict, nowMs: number): boolean {
  const next = toCondition(state, reason, nowMs);
  if (isSameCondition(next, node.condition) && next.state === node.condition.state) return false;
  node.condition = next;
  return true;
}

const toIso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

/** Why a node gets no work and no weights although it can be reached; `undefined` for one that may have both. */
export function whyNoWork({ record, isCopied }: LiveNode): 'awaiting_approval' | 'certificate_copied' | undefined {
  if (isCopied) return 'certificate_copied'; // half of what it is sent would go to whoever has the copy
  return record.approvedAt === null ? 'awaiting_approval' : undefined;
}

/** What a lost node said last about its replicas is no longer true of them; what one says that gets no work is no offer. */
function toReplicas(node: LiveNode): ReplicaReport[] {
  if (whyNoWork(node) !== undefined) return [];
  const reports = [...node.replicas.values()];
  if (node.condition.state !== 'unreachable') return reports;
  const condition = toCondition('unreachable', 'node_lost', Date.parse(node.condition.since));
  return reports.map((report) => ({ ...report, condition, busySlots: 0, queued: 0, tokensPerSecond: 0 }));
}

export function toNode(node: LiveNode): Node {
  return {
    id: node.record.id,
    name: node.record.name,
    condition: node.condition,
    isLocal: node.record.isLocal,
    address: node.link?.address ?? node.lastAddress,
    agentVersion: node.record.facts.agentVersion,
    joinedAt: new Date(node.record.joinedAt).toISOString(),
    lastSeenAt: toIso(node.lastSeenAtMs),
    roundTripMs: node.roundTripMs,
    hardware: node.hardware,
    metrics: node.metrics,
    metricsAt: toIso(node.metricsAtMs),
    replicas: toReplicas(node),
    weights: node.weights,
    certificateExpiresAt: toIso(node.record.certificateExpiresAt),
    certificateSerial: node.record.certificateSerial,
  };
}
