import { type ClusterWorker, clusterWorkerShape, type Node, type Worker } from '@cluster-ai/contracts';
import { z } from 'zod';
import { callerOf } from '../../access/caller.ts';
import { toShownNode } from '../../access/what-is-shown.ts';
import type { NativeDependencies } from './native-door.ts';
import { type NativeRoute, route } from './route.ts';

const tag = 'workers';
const byId = z.object({ id: z.string().min(1).max(100) });

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** A machine in the words of the older documents. */
export function toClusterWorker(
  { id, name, condition, address, hardware, metrics, replicas }: Node,
  dask: Worker | undefined,
): ClusterWorker {
  const memory = hardware?.memoryBytes ?? 0;
  return {
    id,
    name,
    status: condition.state,
    reason: condition.reason,
    host: address,
    resources: {
      cpu: hardware?.cpuCores ?? 0,
      memory,
      gpu: hardware?.gpus.length ?? 0,
      gpu_memory: sum(hardware?.gpus.map(({ memoryBytes }) => memoryBytes) ?? []),
    },
    cpu_utilization: metrics?.cpuUtilization ?? 0,
    memory_usage: memory === 0 ? 0 : (metrics?.memoryUsedBytes ?? 0) / memory,
    active_tasks: sum(replicas.map(({ busySlots }) => busySlots)) + (dask?.running ?? 0),
    models: [...new Set(replicas.map(({ model }) => model))],
    dask: dask ?? null,
  };
}

/** The machines under the name that the older documents give them. They join and go by `/nodes`. */
export function workerRoutes({ nodes, compute }: Pick<NativeDependencies, 'nodes' | 'compute'>): readonly NativeRoute[] {
  const workerOf = (nodeId: string) => compute.status().workers.find((worker) => worker.nodeId === nodeId);
  return [
    route({
      method: 'GET',
      path: '/workers',
      permission: 'nodes:read',
      tag,
      summary: 'All machines, each with its worker of Dask, as the older documents show them',
      answer: z.object({ workers: z.array(clusterWorkerShape) }),
      handle: async ({ request }) => ({
        workers: nodes.list().map((node) => toClusterWorker(toShownNode(callerOf(request), node), workerOf(node.id))),
      }),
    }),
    route({
      method: 'GET',
      path: '/workers/{id}',
      permission: 'nodes:read',
      tag,
      summary: 'One machine, as the older documents show it',
      params: byId,
      answer: clusterWorkerShape,
      handle: async ({ params, request }) => toClusterWorker(toShownNode(callerOf(request), nodes.get(params.id)), workerOf(params.id)),
    }),
  ];
}
