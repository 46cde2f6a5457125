import type { PoolName } from '@cluster-ai/contracts';

/** Whether Dask's workers can find each other there: both ways were tried. */
export type Reach = 'unknown' | 'reachable' | 'not_reachable';

/** A machine that could have a worker. */
export interface WorkerNode {
  readonly id: string;
  readonly pool: PoolName;
  /** The agent answers. */
  readonly isReady: boolean;
  readonly reach: Reach;
  /** It was tried already and something of its own stands against it: no Python, no sandbox. Its worker stays ordered, so that it tells when that changes; it counts for none. */
  readonly isUnable: boolean;
  readonly isOrdered: boolean;
  /** What it was ordered is not what it would be ordered now. */
  readonly isOutdated: boolean;
  readonly running: number;
  readonly cores: number;
  /** An order or a probe is under way. */
  readonly isBusy: boolean;
}

export type WorkerAction =
  | { readonly type: 'probe'; readonly nodeId: string }
  | { readonly type: 'order'; readonly nodeId: string }
  | { readonly type: 'retire'; readonly nodeId: string };

export interface WorkerDecision {
  readonly actions: readonly WorkerAction[];
  /** Nodes that the worker beside the scheduler speaks for. */
  readonly proxied: readonly string[];
}

/** Whether a worker would run there now. */
export const canWork = ({ isReady, reach, isUnable }: WorkerNode) => isReady && reach === 'reachable' && !isUnable;

/** Workers that stay first, then the larger machines; equal ones by name, so that every look says the same. */
const byMerit = (a: WorkerNode, b: WorkerNode) =>
  Number(b.isOrdered) - Number(a.isOrdered) || b.running - a.running || b.cores - a.cores || a.id.localeCompare(b.id);

function decidePoolOf(nodes: readonly WorkerNode[], wanted: number): readonly WorkerAction[] {
  const able = nodes.filter(canWork).sort(byMerit);
  return able.flatMap((node, index): readonly WorkerAction[] => {
    if (node.isBusy) return [];
    if (index < wanted) return node.isOrdered && !node.isOutdated ? [] : [{ type: 'order', nodeId: node.id }];
    return node.isOrdered ? [{ type: 'retire', nodeId: node.id }] : [];
  });
}

/** Which nodes get a worker, which lose theirs, and for which another one speaks. Pure: no clock, no I/O. */
export function decideWorkers(nodes: readonly WorkerNode[], wanted: Readonly<Partial<Record<PoolName, number>>>): WorkerDecision {
  const probes = nodes
    .filter(({ isReady, reach, isBusy }) => isReady && reach === 'unknown' && !isBusy)
    .map(({ id }): WorkerAction => ({ type: 'probe', nodeId: id }));
  const pools = [...new Set(nodes.map(({ pool }) => pool))].sort();
  const lost = nodes
    .filter(({ isReady, reach, isOrdered, isBusy }) => isReady && reach === 'not_reachable' && isOrdered && !isBusy)
    .map(({ id }): WorkerAction => ({ type: 'retire', nodeId: id }));
  return {
    actions: [
      ...probes,
      ...lost,
      ...pools.flatMap((pool) =>
        decidePoolOf(
          nodes.filter((node) => node.pool === pool),
          wanted[pool] ?? 0,
        ),
      ),
    ],
    proxied: nodes
      .filter(({ isReady, reach, isUnable }) => isReady && (reach === 'not_reachable' || isUnable))
      .map(({ id }) => id)
      .sort(),
  };
}
