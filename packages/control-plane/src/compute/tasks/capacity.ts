import { ClusterError, type PoolName, phrase, type TaskRequest, type TaskType, toBytes } from '@cluster-ai/contracts';

/** What one worker offers, whether it runs or could be started. */
export interface WorkerOffer {
  readonly resources: Readonly<Record<string, number>>;
  readonly memoryLimitBytes: number;
}

/** What the cluster has or could have; `undefined` while nobody knows yet: then nothing is impossible. */
export type FindCapacity = () => readonly WorkerOffer[] | undefined;

/** Beside what they count, resources say where something may run. Of those a task takes so little that a worker never runs out. */
const A_PLACE = 1 / 1024;

interface Wish {
  readonly type: TaskType;
  readonly resources: TaskRequest['resources'];
  /** Of a model that engines run: nothing is loaded by the worker. */
  readonly asksGateway?: boolean;
}

/** Inference is a conversation with our own gateway, so it runs beside the scheduler; unless somebody wants it elsewhere. */
const isForGateway = ({ type, resources, asksGateway = type === 'ai_inference' }: Wish) =>
  asksGateway && Object.keys(resources).length === 0;

/** A task's wish in Dask's terms. `nodeId` is of the node that it names. */
export function toDaskResources(wish: Wish, nodeId: string | undefined): Readonly<Record<string, number>> {
  const { gpu, pool } = wish.resources;
  return {
    ...(isForGateway(wish) ? { GATEWAY: 1 } : {}),
    ...(gpu === undefined || gpu === 0 ? {} : { GPU: gpu }),
    ...(pool === undefined ? {} : { [`POOL_${pool}`]: A_PLACE }),
    ...(nodeId === undefined ? {} : { [`NODE_${nodeId}`]: A_PLACE }),
  };
}

/** Which pool's workers a task waits for; none for what runs beside the scheduler. */
export function toPool(wish: Wish): PoolName | undefined {
  if (isForGateway(wish)) return undefined;
  const { gpu = 0, pool } = wish.resources;
  if (pool === 'cpu' || pool === 'gpu' || pool === 'phone') return pool;
  return gpu > 0 ? 'gpu' : 'cpu';
}

const describe = ({ resources }: Wish) =>
  Object.entries(resources)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');

const impossible = (wish: Wish) =>
  new ClusterError('resources_impossible', phrase('task_resources', { wanted: describe(wish) }), {
    param: 'resources',
    hint: phrase('task_resources_hint'),
  });

export interface CapacityDependencies {
  readonly findCapacity: FindCapacity;
  /** The id of a node by its name or id. */
  readonly findNode: (nameOrId: string) => string | undefined;
}

/** Throws `resources_impossible` for what would wait for ever, and `invalid_request` for a size that is none. */
export function checkPossible(wish: Wish, { findCapacity, findNode }: CapacityDependencies): void {
  const { memory, node } = wish.resources;
  if (Object.keys(wish.resources).length === 0) return;
  const bytes = memory === undefined ? 0 : toBytes(memory);
  if (bytes === undefined)
    throw new ClusterError('invalid_request', `"${memory}" is no size: write a number and a unit, such as 4GB.`, {
      param: 'resources.memory',
    });
  const nodeId = node === undefined ? undefined : findNode(node);
  if (node !== undefined && nodeId === undefined) throw impossible(wish);
  const offers = findCapacity();
  if (offers === undefined) return;
  const wanted = Object.entries(toDaskResources(wish, nodeId));
  const isThere = offers.some(
    ({ resources, memoryLimitBytes }) => bytes <= memoryLimitBytes && wanted.every(([name, amount]) => (resources[name] ?? 0) >= amount),
  );
  if (!isThere) throw impossible(wish);
}
