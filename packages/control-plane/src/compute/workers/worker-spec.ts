import { type ComputeProfile, type Config, type Node, type PoolName, toBytes, type WorkerSpec } from '@cluster-ai/contracts';
import type { ReadyPython } from '@cluster-ai/runtime';
import { isLoopback } from '../../listeners/allowed-hosts.ts';
import type { ComputeCertificate } from '../certificates/compute-certificates.ts';
import type { SchedulerPlace } from '../scheduler/dask-scheduler.ts';

/** More than tasks take at once: such a resource says where something may run and counts nothing. */
const aPlace = 1;

export function poolOf({ hardware }: Node): PoolName {
  if (hardware?.platform === 'android') return 'phone';
  return (hardware?.gpus.length ?? 0) > 0 ? 'gpu' : 'cpu';
}

/** Where the worker of a node listens, and where others find it. */
export function hostFor({ isLocal, address }: Pick<Node, 'isLocal' | 'address'>, scheduler: Pick<SchedulerPlace, 'host'>): string {
  return isLocal || isLoopback(address) ? scheduler.host : address;
}

/** One core is left to engines, where some run. */
export const threadsFor = ({ hardware, replicas }: Node, configured: number): number =>
  configured > 0 ? configured : Math.max(1, (hardware?.cpuCores ?? 1) - (replicas.length > 0 ? 1 : 0));

export const memoryFor = ({ hardware }: Node, configured: string): number =>
  toBytes(configured) ?? Math.floor((hardware?.memoryBytes ?? 0) / 2);

export const resourcesFor = (node: Node): Record<string, number> => ({
  [`NODE_${node.id}`]: aPlace,
  [`POOL_${poolOf(node)}`]: aPlace,
  ...(node.hardware?.gpus.length ? { GPU: node.hardware.gpus.length } : {}),
});

/** Inference is waiting for our own gateway: many at a time cost next to nothing. */
const gatewayTasks = 64;
export const gatewayMemoryBytes = 1024 ** 3;

/** Of the worker beside the scheduler, which also speaks for nodes. */
export const gatewayResources = (proxied: readonly string[]): Record<string, number> => ({
  GATEWAY: gatewayTasks,
  ...Object.fromEntries(proxied.map((id) => [`NODE_${id}`, gatewayTasks])),
});

export interface SpecWish {
  readonly node: Node;
  readonly scheduler: SchedulerPlace;
  readonly python: ReadyPython;
  readonly certificate: ComputeCertificate;
  readonly config: Config['compute'];
  readonly profile: ComputeProfile;
  readonly fence: number;
}

export function toWorkerSpec({ node, scheduler, python, certificate, config, profile, fence }: SpecWish): WorkerSpec {
  return {
    fence,
    name: node.name,
    scheduler: scheduler.address,
    authority: certificate.authority,
    certificate: certificate.certificate,
    key: certificate.key,
    lock: python.lock,
    python: python.versions.python.split('.').slice(0, 2).join('.'),
    host: hostFor(node, scheduler),
    port: config.workers.port,
    threads: threadsFor(node, config.workers.threads),
    memoryLimitBytes: memoryFor(node, config.workers.memory),
    resources: resourcesFor(node),
    dataFolders: config.dataFolders,
    profile,
  };
}
