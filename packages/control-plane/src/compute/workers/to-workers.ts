import { type Condition, type Node, toCondition, type Worker, type WorkerReport } from '@cluster-ai/contracts';
import type { SeenWorker } from '../scheduler/read-scheduler.ts';
import type { KnownNode } from './known-nodes.ts';
import { poolOf } from './worker-spec.ts';

/** The worker beside the scheduler, under this name. */
export const GATEWAY = 'gateway';

export interface WorkersView {
  readonly nodes: readonly Node[];
  readonly seen: readonly SeenWorker[];
  readonly proxied: readonly string[];
  readonly known: (nodeId: string) => KnownNode | undefined;
  readonly report: (nodeId: string) => WorkerReport | undefined;
  readonly nowMs: number;
}

type Numbers = Pick<Worker, 'threads' | 'memoryLimitBytes' | 'memoryBytes' | 'spilledBytes' | 'resources' | 'running'>;

const toNumbers = (worker: SeenWorker | undefined): Numbers => ({
  threads: worker?.threads ?? 0,
  memoryLimitBytes: worker?.memoryLimitBytes ?? 0,
  memoryBytes: worker?.memoryBytes ?? 0,
  spilledBytes: worker?.spilledBytes ?? 0,
  resources: worker?.resources ?? {},
  running: worker?.running ?? 0,
});

/** What its agent says counts, once the scheduler knows it as well. */
function conditionOf(report: WorkerReport | undefined, seen: SeenWorker | undefined, nowMs: number): Condition {
  if (report === undefined) return toCondition('starting', 'worker_starting', nowMs);
  const isOnItsWay = report.condition.state === 'ready' && seen === undefined;
  return isOnItsWay ? toCondition('starting', 'worker_starting', Date.parse(report.condition.since)) : report.condition;
}

/** Every worker that there is or should be, and for which nodes one beside the scheduler speaks. */
export function toWorkers({ nodes, seen, proxied, known, report, nowMs }: WorkersView): readonly Worker[] {
  const byName = new Map(seen.map((worker) => [worker.name, worker]));
  const gateway = byName.get(GATEWAY);
  const beside = gateway && {
    name: GATEWAY,
    nodeId: '',
    node: '',
    pool: 'cpu' as const,
    isProxy: true,
    condition: toCondition('ready', 'serving', nowMs),
    ...toNumbers(gateway),
  };
  const ofNodes = nodes.flatMap((node): Worker[] => {
    const state = known(node.id);
    const own = report(node.id);
    const isProxy = proxied.includes(node.id);
    if (state?.order === undefined && !isProxy) return [];
    const shared = { nodeId: node.id, node: node.name, pool: poolOf(node), isProxy };
    if (!isProxy) {
      const worker = byName.get(node.name);
      return [{ ...shared, name: node.name, condition: conditionOf(own, worker, nowMs), ...toNumbers(worker) }];
    }
    const obstacle = state?.obstacle ?? '';
    const unreachable = toCondition(
      'degraded',
      'worker_not_reachable',
      state?.triedAtMs ?? nowMs,
      obstacle === '' ? {} : { message: `Others cannot reach this node, so a proxy beside the scheduler speaks for it: ${obstacle}.` },
    );
    return [
      {
        ...shared,
        name: GATEWAY,
        condition: state?.reach === 'not_reachable' ? unreachable : (own?.condition ?? unreachable),
        ...toNumbers(undefined),
      },
    ];
  });
  return beside === undefined ? ofNodes : [beside, ...ofNodes];
}
