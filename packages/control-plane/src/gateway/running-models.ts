import { type Condition, type Node, type ReplicaReport, toCondition } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { Reconciler } from '../reconciler/reconciler.ts';
import type { ResolvedModel } from '../registry/registry.ts';
import type { RunningModel } from './gateway.ts';

interface Deps {
  readonly list: () => readonly Node[];
  readonly reconciler: Reconciler;
  readonly clock: Clock;
}

interface Placed {
  readonly node: Node;
  readonly replica: ReplicaReport;
}

const isReachable = ({ condition }: Node) => condition.state === 'ready' || condition.state === 'degraded';

/** What runs, and how it stands with each model, from what the nodes report. */
export function createRunningModels({ list, reconciler, clock }: Deps) {
  const placed = (): readonly Placed[] =>
    list()
      .filter(isReachable)
      .flatMap((node) => node.replicas.map((replica) => ({ node, replica })))
      .filter(({ replica }) => replica.condition.state === 'ready' && !reconciler.isLeaving(replica.replicaId));

  function toRunning({ node, replica }: Placed): RunningModel | undefined {
    const deployment = reconciler.deployments.find(replica.digest);
    if (!deployment) return undefined;
    const { isConfigured, keepAliveSeconds, inFlight } = deployment;
    const inUseUntil = keepAliveSeconds < 0 ? undefined : clock.now() + keepAliveSeconds * 1000;
    const expiresAtMs = isConfigured ? undefined : inFlight > 0 ? inUseUntil : deployment.expiresAtMs;
    return { model: deployment.model, nodeId: node.id, nodeName: node.name, replica, expiresAtMs };
  }

  return {
    list: (): readonly RunningModel[] => placed().flatMap((each) => toRunning(each) ?? []),
    conditionOf({ file }: ResolvedModel): Condition {
      const ready = placed().filter(({ replica }) => replica.digest === file.digest);
      const [best] = ready.toSorted((a, b) => Number(a.node.condition.state !== 'ready') - Number(b.node.condition.state !== 'ready'));
      if (!best) return reconciler.outlook(file.digest).condition;
      if (best.node.condition.state !== 'ready') return best.node.condition;
      return toCondition('ready', 'serving', Date.parse(best.replica.condition.since));
    },
  };
}
export type RunningModels = ReturnType<typeof createRunningModels>;
