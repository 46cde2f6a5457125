import type { Node, ReplicaReport } from '@cluster-ai/contracts';
import type { Candidate } from './policies/policy.ts';
import type { Speeds } from './speeds.ts';

/** A replica that answers now, and where. */
export interface ReadyReplica extends Candidate {
  readonly nodeId: string;
  readonly nodeName: string;
  readonly digest: string;
  /** Since when it is ready: a later time means that it was started anew. */
  readonly readySince: string;
}

interface IndexDeps {
  readonly list: () => readonly Node[];
  readonly inFlight: ReadonlyMap<string, number>;
  readonly isLeaving: (replicaId: string) => boolean;
  readonly speeds: Speeds;
}

function toReadyReplica(node: Node, report: ReplicaReport, { inFlight, speeds }: IndexDeps): ReadyReplica {
  const record = speeds.of(node.id, report.digest);
  return {
    replicaId: report.replicaId,
    nodeId: node.id,
    nodeName: node.name,
    digest: report.digest,
    readySince: report.condition.since,
    parallel: Math.max(1, report.parallel ?? 1),
    isDegraded: node.condition.state === 'degraded',
    get inFlight() {
      return inFlight.get(report.replicaId) ?? 0;
    },
    get speed() {
      return record.speed;
    },
  };
}

/** Ready replicas by the digest of their weights: rebuilt after a change, so that a request only looks up. */
export function createReplicaIndex(deps: IndexDeps) {
  let byDigest: Map<string, ReadyReplica[]> | undefined;
  const build = () => {
    const nodes = deps.list();
    deps.speeds.keepOnly(new Set(nodes.map(({ id }) => id)));
    const ready = nodes
      .filter(({ condition }) => condition.state === 'ready' || condition.state === 'degraded')
      .flatMap((node) =>
        node.replicas.filter(({ condition }) => condition.state === 'ready').map((report) => toReadyReplica(node, report, deps)),
      );
    return Map.groupBy(ready, ({ digest }) => digest);
  };
  return {
    invalidate(): void {
      byDigest = undefined;
    },
    /** Those that may take a request: not on their way out. */
    find(digest: string): readonly ReadyReplica[] {
      byDigest ??= build();
      const ready = byDigest.get(digest) ?? [];
      return ready.some(({ replicaId }) => deps.isLeaving(replicaId)) ? ready.filter(({ replicaId }) => !deps.isLeaving(replicaId)) : ready;
    },
  };
}
export type ReplicaIndex = ReturnType<typeof createReplicaIndex>;
