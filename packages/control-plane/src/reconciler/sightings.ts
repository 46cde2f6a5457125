import type { Node, ReplicaReport } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';

interface Sighting {
  /** What its condition and progress were when they last changed, and when that was. */
  signature: string;
  movedAtMs: number;
  residentBytes: number;
  nodeId: string;
}

interface Departure {
  readonly nodeId: string;
  readonly atMs: number;
  readonly bytes: number;
}

const signatureOf = ({ condition, progress }: ReplicaReport) => `${condition.state} ${condition.reason} ${progress ?? ''}`;

/** Remembers from look to look what reports alone do not say: how long a load has stood still, and what memory was given back just now. */
export function createSightings({ clock, stuckAfterMs }: { readonly clock: Clock; readonly stuckAfterMs: number }) {
  const sightings = new Map<string, Sighting>();
  const weights = new Map<string, Set<string>>();
  let departures: readonly Departure[] = [];

  const see = (node: Node, report: ReplicaReport) => {
    const known = sightings.get(report.replicaId);
    const signature = signatureOf(report);
    const movedAtMs = known?.signature === signature ? known.movedAtMs : clock.now();
    sightings.set(report.replicaId, { signature, movedAtMs, residentBytes: report.memoryBytes, nodeId: node.id });
    if (report.condition.state === 'ready') weights.set(node.id, (weights.get(node.id) ?? new Set()).add(report.digest));
  };
  const forget = (present: ReadonlySet<string>) => {
    for (const [id, { nodeId, residentBytes }] of sightings) {
      if (present.has(id)) continue;
      sightings.delete(id);
      departures = [...departures, { nodeId, atMs: clock.now(), bytes: residentBytes }];
    }
  };
  return {
    look(nodes: readonly Node[]): void {
      for (const node of nodes) for (const report of node.replicas) see(node, report);
      forget(new Set(nodes.flatMap(({ replicas }) => replicas.map(({ replicaId }) => replicaId))));
      const measuredAt = new Map(nodes.map((node) => [node.id, node.metricsAt === null ? 0 : Date.parse(node.metricsAt)]));
      departures = departures.filter(({ nodeId, atMs }) => (measuredAt.get(nodeId) ?? Number.POSITIVE_INFINITY) <= atMs);
      for (const id of weights.keys()) if (!measuredAt.has(id)) weights.delete(id);
    },
    isStuck: (report: ReplicaReport): boolean => {
      const sighting = sightings.get(report.replicaId);
      return report.condition.state === 'starting' && sighting !== undefined && clock.now() - sighting.movedAtMs > stuckAfterMs;
    },
    /** Memory of replicas that left after the node's last measurement, which therefore does not count it as free yet. */
    givenBack: (nodeId: string): number =>
      departures.reduce((total, departure) => total + (departure.nodeId === nodeId ? departure.bytes : 0), 0),
    /** Digests that ran on the node in this life. */
    weightsOf: (nodeId: string): ReadonlySet<string> => weights.get(nodeId) ?? new Set(),
  };
}
export type Sightings = ReturnType<typeof createSightings>;
