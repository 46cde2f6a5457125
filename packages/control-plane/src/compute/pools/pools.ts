import type { Config, Pool, PoolName } from '@cluster-ai/contracts';
import type { PoolLimits } from '../compute-settings.ts';
import { canWork, type WorkerNode } from '../workers/decide-workers.ts';
import { decidePool, type PoolState } from './decide-pool.ts';

export type Demand = Readonly<Partial<Record<PoolName, { readonly waiting: number; readonly running: number }>>>;

const usual = { min: 1, max: 100, idleSeconds: 120 };

const sentences: Readonly<Record<PoolState['why'], string>> = {
  least: 'The least that it keeps.',
  demand: 'As many as the tasks need.',
  idle: 'Tasks may come back; idle workers are kept for a while.',
  most: 'The most that it may have.',
  machines: 'As many as there are machines.',
};

const none = { waiting: 0, running: 0 };

/** Where there are no machines without a GPU, those with one do everything. */
function demandOf(pool: PoolName, demand: Demand, machines: Readonly<Record<PoolName, number>>) {
  const own = demand[pool] ?? none;
  if (pool !== 'gpu' || machines.cpu > 0) return own;
  const { waiting, running } = demand.cpu ?? none;
  return { waiting: own.waiting + waiting, running: own.running + running };
}

/** The pools of workers, and how many each of them wants. */
export function createPools({
  config,
  limits,
  now,
}: {
  readonly config: Config['compute']['pools'];
  readonly limits: () => Readonly<Partial<Record<PoolName, PoolLimits>>>;
  readonly now: () => number;
}) {
  const states = new Map<PoolName, PoolState>();
  const running = new Map<PoolName, number>();

  function limitsOf(pool: PoolName) {
    const { min, max } = limits()[pool] ?? {};
    const configured = { ...usual, ...config[pool] };
    return { ...configured, min: min ?? configured.min, max: max ?? configured.max };
  }

  return {
    /** How many workers each pool should have now. */
    decide(
      nodes: readonly WorkerNode[],
      demand: Demand,
      threadsOf: (nodeId: string) => number,
    ): Readonly<Partial<Record<PoolName, number>>> {
      const membersOf = (pool: PoolName) => nodes.filter((node) => node.pool === pool && canWork(node));
      const machines = { cpu: membersOf('cpu').length, gpu: membersOf('gpu').length, phone: membersOf('phone').length };
      const pools = [...new Set(nodes.map(({ pool }) => pool))];
      for (const pool of states.keys()) if (!pools.includes(pool)) states.delete(pool);
      return Object.fromEntries(
        pools.map((pool) => {
          const members = membersOf(pool);
          const threads = members.reduce((sum, { id }) => sum + threadsOf(id), 0) / Math.max(1, members.length);
          const view = {
            ...limitsOf(pool),
            ...demandOf(pool, demand, machines),
            available: members.length,
            threadsPerWorker: threads,
            nowMs: now(),
          };
          const state = decidePool(states.get(pool), view);
          states.set(pool, state);
          running.set(pool, nodes.filter((node) => node.pool === pool && node.isOrdered && !node.isUnable).length);
          return [pool, state.wanted];
        }),
      );
    },
    /** `undefined` for a pool that no machine belongs to. */
    describe(pool: PoolName): Pool | undefined {
      const state = states.get(pool);
      if (state === undefined) return undefined;
      const { min, max } = limitsOf(pool);
      return { name: pool, min, max, wanted: state.wanted, running: running.get(pool) ?? 0, reason: sentences[state.why] };
    },
  };
}
