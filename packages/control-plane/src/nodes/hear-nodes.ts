import type { AgentReport, ReplicaReport } from '@cluster-ai/contracts';
import type { Clock, Logger } from '@cluster-ai/runtime';
import type { AuditPoint } from '../access/audit/audit.ts';
import type { Beat } from './follow-node.ts';
import { keepOrdered } from './keep-ordered.ts';
import { applyReport, type LiveNode } from './live-node.ts';
import type { NodeRecords } from './node-record.ts';
import type { ReplicaNames } from './replica-names.ts';
import type { Changes } from './tell-changes.ts';

/** Starts of an agent that are remembered: more than two that run side by side can hide behind. */
const mostIncarnations = 1000;
const tellStrangersEveryMs = 60_000;

export interface HearingDeps {
  readonly changes: Changes;
  readonly records: NodeRecords;
  readonly version: string;
  readonly names: Pick<ReplicaNames, 'isProven'>;
  readonly audit: Pick<AuditPoint, 'denied'>;
  readonly onRecovery: () => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Takes in what agents say. Which node says it is known from the link, never from the words. */
export interface Hearing {
  onBeat(node: LiveNode, beat: Beat): void;
  onReport(node: LiveNode, report: AgentReport): void;
  saveSeen(node: LiveNode): Promise<void>;
}

export function createHearing({ changes, records, version, names, audit, onRecovery, clock, log }: HearingDeps): Hearing {
  const saveSeen = async (node: LiveNode) => {
    if (node.lastSeenAtMs === null) return;
    await records.saveSeen(node.record.id, node.lastSeenAtMs, node.record.facts).catch((error: unknown) => {
      log.error({ err: error, node: node.record.name }, 'When a node was last seen could not be stored');
    });
  };

  /** Each start of an agent has a name of its own. One that comes back after another was seen means that two run side by side. */
  const noteIncarnation = (node: LiveNode, incarnation: string) => {
    if (incarnation === node.incarnation) return;
    if (node.pastIncarnations.has(incarnation)) {
      node.isCopied = true;
      log.error({ node: node.record.name, address: node.lastAddress }, 'Two agents use the certificate of one node: it was copied');
    }
    node.pastIncarnations.add(node.incarnation);
    const [oldest] = node.pastIncarnations;
    if (node.pastIncarnations.size > mostIncarnations && oldest !== undefined) node.pastIncarnations.delete(oldest);
    node.incarnation = incarnation;
  };

  const onSnapshot = (node: LiveNode) => {
    const { agentVersion } = node.record.facts;
    if (agentVersion !== version) log.warn({ node: node.record.name, agentVersion, version }, 'The agent of a node has another version');
    void saveSeen(node);
    changes.tellMetrics(node);
    changes.tellNode(node);
  };

  /** The record counts them; the log has one line a minute of a node, however many it makes up. */
  const tellStranger = (node: LiveNode, { replicaId, model }: ReplicaReport) => {
    const { id, name } = node.record;
    const actor = { kind: 'node', id, name, role: '' } as const;
    audit.denied({ actor, address: node.lastAddress, action: 'node.report', requestId: '', code: 'forbidden', tried: replicaId });
    if (clock.now() - node.strangersToldAtMs < tellStrangersEveryMs) return;
    node.strangersToldAtMs = clock.now();
    const facts = { node: name, address: node.lastAddress, replica: replicaId.slice(0, 100), model: model.slice(0, 100) };
    log.error(facts, 'A node reports a copy that was never ordered there; it is left out. Start its agent anew, or remove the node');
  };

  return {
    saveSeen,
    onBeat(node, { incarnation, roundTripMs }) {
      noteIncarnation(node, incarnation);
      node.heardAtMs = clock.monotonic();
      node.lastSeenAtMs = clock.now();
      node.roundTripMs = Math.round(roundTripMs * 10) / 10;
      node.hasAnswered = true;
      if (node.condition.state !== 'ready') onRecovery();
    },
    onReport(node, heard) {
      const report = keepOrdered(node, heard, names, (copy) => tellStranger(node, copy));
      if (report === undefined) return;
      const gone = report.type === 'replica-gone' ? node.replicas.get(report.replicaId) : undefined;
      applyReport(node, report, clock.now());
      switch (report.type) {
        case 'snapshot':
          return onSnapshot(node);
        case 'metrics':
          return changes.tellMetrics(node);
        case 'replica':
          return changes.tellReplica(node, report.replica);
        case 'worker':
          return changes.tellWorker();
        case 'replica-gone':
          return gone && changes.tellReplica(node, gone);
        case 'weights':
        case 'goodbye':
          return changes.tellNode(node);
      }
    },
  };
}
