import type { ReplicaReport } from '@cluster-ai/contracts';
import type { EventBus } from '../observability/event-bus.ts';
import { type LiveNode, toNode } from './live-node.ts';

/** Everybody who wants to know what changed: streams of events, and the parts of this process that decide. */
export interface Changes {
  onChange(listener: () => void): () => void;
  tellNode(node: LiveNode): void;
  tellMetrics(node: LiveNode): void;
  tellReplica(node: LiveNode, replica: ReplicaReport): void;
  /** The parts of this process that decide look again; what people see of workers is told by who orders them. */
  tellWorker(): void;
  tellRemoved(nodeId: string): void;
}

export function createChanges(events: EventBus): Changes {
  const listeners = new Set<() => void>();
  const callAll = () => {
    for (const listener of listeners) listener();
  };
  return {
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    tellNode(node) {
      const { metrics: _metrics, metricsAt: _metricsAt, lastSeenAt: _lastSeenAt, roundTripMs: _roundTripMs, ...lasting } = toNode(node);
      events.publish({ type: 'node.changed', node: lasting });
      callAll();
    },
    tellMetrics(node) {
      const { id, metrics, metricsAt, lastSeenAt, roundTripMs } = toNode(node);
      events.publish({ type: 'node.measured', node: { id, metrics, metricsAt, lastSeenAt, roundTripMs } });
    },
    tellReplica(node, { replicaId, model }) {
      events.publish({ type: 'replica.changed', nodeId: node.record.id, replicaId, model });
      callAll();
    },
    tellWorker: callAll,
    tellRemoved(nodeId) {
      events.publish({ type: 'node.removed', nodeId });
      callAll();
    },
  };
}
