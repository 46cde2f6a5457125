import {
  type ComputeProfile,
  type ComputeStatus,
  type Condition,
  type Pool,
  type State,
  toCondition,
  type Worker,
} from '@cluster-ai/contracts';
import type { TaskNumbers } from './compute.ts';
import type { RunningCompute } from './run-compute.ts';

export interface ComputeView {
  readonly isEnabled: boolean;
  readonly running: RunningCompute | undefined;
  /** Why nothing runs although it should. */
  readonly failure: Condition | undefined;
  readonly profile: ComputeProfile;
  readonly tasks: TaskNumbers | undefined;
  readonly offSinceMs: number;
  readonly nowMs: number;
}

/** From best to worst. */
const order: readonly State[] = ['ready', 'asleep', 'degraded', 'draining', 'starting', 'unreachable', 'stopped', 'failed'];

export const worstOf = (conditions: readonly Condition[]): Condition | undefined =>
  conditions.reduce<Condition | undefined>(
    (worst, next) => (worst === undefined || order.indexOf(next.state) > order.indexOf(worst.state) ? next : worst),
    undefined,
  );

/** Nothing can run while no node has a worker, unless none is wanted before there are tasks. */
function withoutWorkers(scheduler: Condition, workers: readonly Worker[], pools: readonly Pool[], nowMs: number): readonly Condition[] {
  const isThere = workers.some(({ isProxy, condition }) => !isProxy && condition.state === 'ready');
  const isResting = pools.length > 0 && pools.every(({ wanted }) => wanted === 0);
  return scheduler.state !== 'ready' || isThere || isResting ? [] : [toCondition('degraded', 'no_worker', nowMs)];
}

/** How compute is, in one object. */
export function toComputeStatus({ isEnabled, running, failure, profile, tasks, offSinceMs, nowMs }: ComputeView): ComputeStatus {
  const off = toCondition('stopped', 'compute_off', offSinceMs);
  const waiting = failure ?? toCondition('starting', 'starting_up', nowMs);
  const absent = isEnabled ? waiting : off;
  const place = running?.scheduler()?.place();
  const environment = running?.environment.condition() ?? absent;
  const notYet = environment.state === 'ready' ? toCondition('starting', 'scheduler_starting', nowMs) : environment;
  const scheduler = running === undefined ? absent : (running.scheduler()?.condition() ?? notYet);
  const workers = running?.workers()?.workers() ?? [];
  const pools = running?.workers()?.pools() ?? [];
  const bridge = running === undefined ? absent : (tasks?.bridge() ?? scheduler);
  return {
    isEnabled,
    condition: worstOf([environment, scheduler, bridge, ...withoutWorkers(scheduler, workers, pools, nowMs)]) ?? absent,
    environment,
    progress: running?.environment.progress() ?? null,
    scheduler,
    bridge,
    address: place?.address ?? '',
    dashboard: place === undefined ? '' : '/dask/status',
    profile,
    versions: running?.environment.current()?.versions ?? null,
    workers: [...workers],
    pools: [...pools],
    tasks: { ...tasks?.counts() },
  };
}
