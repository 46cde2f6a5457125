import { z } from 'zod';
import { conditionShape, stateShape } from './state.ts';

/** Pools of workers, by what their machines are. */
export const poolNames = ['cpu', 'gpu', 'phone'] as const;
export const poolNameShape = z.enum(poolNames);
export type PoolName = z.infer<typeof poolNameShape>;

/** `default` keeps memory safe; `fast` is for many tiny tasks (Dask's worker-saturation: inf). */
export const computeProfileShape = z.enum(['default', 'fast']);
export type ComputeProfile = z.infer<typeof computeProfileShape>;

/** Everything that must be equal across a cluster of Dask: a function pickled by one Python does not run in another. */
export const computeVersionsShape = z.object({ python: z.string(), dask: z.string(), distributed: z.string(), cloudpickle: z.string() });
export type ComputeVersions = z.infer<typeof computeVersionsShape>;

export const workerShape = z
  .object({
    name: z.string(),
    nodeId: z.string(),
    node: z.string(),
    pool: poolNameShape,
    isProxy: z.boolean().describe('Lives beside the scheduler and speaks for a node that other workers cannot reach.'),
    condition: conditionShape,
    threads: z.int(),
    memoryLimitBytes: z.int(),
    memoryBytes: z.int(),
    spilledBytes: z.int(),
    resources: z.record(z.string(), z.number()),
    running: z.int().describe('Tasks that it runs now.'),
  })
  .meta({ id: 'Worker' });
export type Worker = z.infer<typeof workerShape>;

export const poolShape = z.object({
  name: poolNameShape,
  min: z.int(),
  max: z.int(),
  wanted: z.int(),
  running: z.int(),
  reason: z.string().describe('Why it wants as many.'),
});
export type Pool = z.infer<typeof poolShape>;

export const computeStatusShape = z
  .object({
    isEnabled: z.boolean(),
    condition: conditionShape.describe('Of compute as a whole: the worst of its parts.'),
    environment: conditionShape,
    progress: z.number().min(0).max(1).nullable().describe('Of setting up Python, while that goes on.'),
    scheduler: conditionShape,
    bridge: conditionShape,
    address: z.string().describe('tls://host:port of the scheduler; empty while there is none.'),
    dashboard: z.string().describe('Path of Dask’s own pages on this server; empty while there are none.'),
    profile: computeProfileShape,
    versions: computeVersionsShape.nullable(),
    workers: z.array(workerShape),
    pools: z.array(poolShape),
    tasks: z.record(z.string(), z.int()).describe('How many are in each state.'),
  })
  .meta({ id: 'ComputeStatus' });
export type ComputeStatus = z.infer<typeof computeStatusShape>;

export const scaleRequestShape = z
  .object({ pool: poolNameShape.default('cpu'), min: z.int().min(0).max(1000).optional(), max: z.int().min(0).max(1000).optional() })
  .meta({ id: 'ScaleRequest' });
export const profileRequestShape = z.object({ profile: computeProfileShape }).meta({ id: 'ProfileRequest' });

/** What a plain Dask client needs. Whoever has it can run anything on every worker. */
export const computeConnectionShape = z
  .object({
    address: z.string().describe('tls://host:port of the scheduler.'),
    authority: z.string().describe('PEM.'),
    certificate: z.string().describe('PEM.'),
    key: z.string().describe('PEM.'),
    expiresAt: z.iso.datetime(),
    versions: computeVersionsShape,
  })
  .meta({ id: 'ComputeConnection' });
export type ComputeConnection = z.infer<typeof computeConnectionShape>;

/** The order for the Dask worker of a node; whoever gets an older fence than it has seen refuses it. */
export const workerSpecShape = z.object({
  fence: z.int(),
  name: z.string().max(120),
  scheduler: z.string().max(300).describe('tls://host:port.'),
  authority: z.string().max(16_384),
  certificate: z.string().max(16_384),
  key: z.string().max(16_384),
  lock: z.string().max(80).describe('SHA-256 of the locked requirements: the node sets up the same, or says why it cannot.'),
  python: z.string().max(20).describe('Minor version of the scheduler’s Python, for example 3.11.'),
  host: z.string().max(255).describe('Where the worker listens, and where others find it.'),
  port: z.int().min(0).max(65_535),
  threads: z.int().min(1).max(1024),
  memoryLimitBytes: z.int(),
  resources: z.record(z.string(), z.number()),
  dataFolders: z.array(z.string()).describe('Beside its own scratch folder, all that its tasks may read and write.'),
  profile: computeProfileShape,
});
export type WorkerSpec = z.infer<typeof workerSpecShape>;

export const workerReportShape = z.object({
  name: z.string(),
  fence: z.int(),
  condition: conditionShape,
  progress: z.number().min(0).max(1).nullable(),
  versions: computeVersionsShape.nullable(),
  restarts: z.int(),
});
export type WorkerReport = z.infer<typeof workerReportShape>;

/** Whether a place can be reached from where this is asked: `PUT /compute/probe` of an agent. */
export const probeRequestShape = z.object({
  host: z.string().max(255),
  port: z.int().min(1).max(65_535),
  timeoutMs: z.int().min(1).max(10_000),
});
export const probeAnswerShape = z.object({ isReachable: z.boolean(), message: z.string(), tookMs: z.number() });
export type ProbeAnswer = z.infer<typeof probeAnswerShape>;

/** A machine as the older documents show it: there, whatever works for the cluster is a worker. */
export const clusterWorkerShape = z
  .object({
    id: z.string(),
    name: z.string(),
    status: stateShape,
    reason: z.string(),
    host: z.string(),
    resources: z.object({ cpu: z.int(), memory: z.int().describe('Bytes.'), gpu: z.int(), gpu_memory: z.int().describe('Bytes.') }),
    cpu_utilization: z.number(),
    memory_usage: z.number().describe('Share, 0 to 1.'),
    active_tasks: z.int().describe('Answers of models and tasks of Dask that it works on.'),
    models: z.array(z.string()),
    dask: workerShape.nullable().describe('Its worker of Dask, where it has one.'),
  })
  .meta({ id: 'ClusterWorker' });
export type ClusterWorker = z.infer<typeof clusterWorkerShape>;
