import { join } from 'node:path';
import type { ComputeProfile, Config, PoolName } from '@cluster-ai/contracts';
import {
  type Clock,
  type DataFolder,
  environmentsFolder,
  type Logger,
  openPythonEnvironment,
  type PythonEnvironment,
} from '@cluster-ai/runtime';
import {
  type ComputeCertificate,
  type ComputeCertificates,
  lifeHours,
  openComputeCertificates,
} from './certificates/compute-certificates.ts';
import type { PoolLimits } from './compute-settings.ts';
import type { Demand } from './pools/pools.ts';
import { type DaskScheduler, openDaskScheduler } from './scheduler/dask-scheduler.ts';
import { readWorkers } from './scheduler/read-scheduler.ts';
import { sideBySide } from './side-by-side.ts';
import { type GatewayWorker, openGatewayWorker } from './workers/gateway-worker.ts';
import { type ComputeNodes, createWorkerKeeper, type WorkerKeeper, type WorkerKeeperDeps } from './workers/keep-workers.ts';

export interface RunComputeDeps {
  readonly folder: DataFolder;
  readonly config: Config;
  readonly nodes: ComputeNodes;
  readonly profile: ComputeProfile;
  readonly limits: () => Readonly<Partial<Record<PoolName, PoolLimits>>>;
  readonly demand: () => Demand;
  /** A part of it is there, or is another one than before. */
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What somebody needs who uses the cluster as Dask's clients do. */
export interface DaskAccess {
  /** The interpreter of its environment. */
  readonly python: string;
  /** Where our own modules lie. */
  readonly pythonPath: readonly string[];
  /** With a certificate that is good for hours; `undefined` while there is no scheduler. */
  readonly findPlace: () => Promise<{ readonly scheduler: string; readonly tls: ComputeCertificate } | undefined>;
  /** What workers have that run or could run; `undefined` while that is not known. */
  readonly offers: () => ReturnType<WorkerKeeper['offers']> | undefined;
}

/** The parts of compute while it is enabled. They come one after the other: the scheduler needs the environment. */
export interface RunningCompute {
  readonly environment: PythonEnvironment;
  readonly certificates: ComputeCertificates;
  scheduler(): DaskScheduler | undefined;
  gateway(): GatewayWorker | undefined;
  workers(): WorkerKeeper | undefined;
  /** For a process of ours that uses it, once there is an environment. */
  access(name: string, signal: AbortSignal): Promise<DaskAccess>;
  /** Works until the signal aborts, and then leaves nothing running. */
  run(signal: AbortSignal): Promise<void>;
}

/** Where the older configuration named the scheduler's place, that counts. */
const placeOf = ({ cluster, compute }: Config) => ({
  host: cluster.scheduler?.host ?? compute.scheduler.host,
  port: cluster.scheduler?.port ?? compute.scheduler.port,
});

/** What no process of Dask may see, whoever sends it code. */
const forbiddenIn = ({ root, secrets, blobs }: DataFolder) => [secrets, blobs, join(root, 'state'), join(root, 'compute', 'certificates')];

/** Everything of compute that costs memory or starts processes: loaded when it is enabled. */
export async function openRunningCompute(deps: RunComputeDeps): Promise<RunningCompute> {
  const { folder, config, nodes, profile, limits, demand, onChange, clock, log } = deps;
  const certificates = await openComputeCertificates(join(folder.root, 'compute', 'certificates'), clock);
  const environment = openPythonEnvironment({ folder: environmentsFolder(folder.root), python: config.compute.python, clock, log });
  environment.onChange(onChange);
  let scheduler: DaskScheduler | undefined;
  let gateway: GatewayWorker | undefined;
  let workers: WorkerKeeper | undefined;

  return {
    environment,
    certificates,
    scheduler: () => scheduler,
    gateway: () => gateway,
    workers: () => workers,
    async access(name, signal) {
      const { python, sources } = await environment.ensure(signal);
      return {
        python,
        pythonPath: sources.modules,
        async findPlace() {
          const place = scheduler?.place();
          return place && { scheduler: place.address, tls: await certificates.mint(name, lifeHours) };
        },
        offers: () => workers?.offers(),
      };
    },
    async run(signal) {
      const python = await environment.ensure(signal);
      const shared = { python, certificates, profile, dataFolder: folder.root, forbidden: forbiddenIn(folder), onChange, clock, log };
      const { dashboardPort, dataFolders } = config.compute;
      const dask = await openDaskScheduler({ ...shared, config: placeOf(config), dashboardPort, onReady: () => workers?.wake() });
      scheduler = dask;
      const beside = await openGatewayWorker({ ...shared, place: dask.place, dataFolders });
      gateway = beside;
      const onProxied = beside.speakFor;
      const look: WorkerKeeperDeps['look'] = (place, until) => readWorkers(place, dask.dashboardSecret, until);
      const keeper = createWorkerKeeper({ ...shared, nodes, scheduler: dask, look, config: config.compute, limits, demand, onProxied });
      workers = keeper;
      onChange();
      await sideBySide(signal, [dask.run, (until) => dask.untilReady(until).then(() => beside.run(until)), keeper.run]);
    },
  };
}
