import type { AgentReport, ReplicaReport } from '@cluster-ai/contracts';
import type { LiveNode } from './live-node.ts';
import type { ReplicaNames } from './replica-names.ts';

/** Orders that are remembered of one node; older ones are known by their names. */
const mostRemembered = 2000;

/** Notes an order, before it is given: the node may report it at once. */
export function noteOrder({ ordered }: LiveNode, replicaId: string, digest: string): void {
  ordered.delete(replicaId); // so that it is the newest
  ordered.set(replicaId, digest);
  const [oldest] = ordered.keys();
  if (ordered.size > mostRemembered && oldest !== undefined) ordered.delete(oldest);
}

/**
 * A report without the copies that were never ordered on that node, or are of other weights than ordered; `undefined` when nothing is left of
 * it. Whoever has a node's certificate could else offer an answer to every prompt of every model.
 */
export function keepOrdered(
  node: LiveNode,
  report: AgentReport,
  names: Pick<ReplicaNames, 'isProven'>,
  onStranger: (copy: ReplicaReport) => void,
): AgentReport | undefined {
  const isOrdered = (copy: ReplicaReport) => {
    if (node.ordered.get(copy.replicaId) === copy.digest) return true;
    if (!names.isProven(node.record.id, copy)) {
      onStranger(copy);
      return false;
    }
    noteOrder(node, copy.replicaId, copy.digest);
    return true;
  };
  if (report.type === 'replica') return isOrdered(report.replica) ? report : undefined;
  return report.type === 'snapshot' ? { ...report, replicas: report.replicas.filter(isOrdered) } : report;
}
