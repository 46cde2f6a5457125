import { join } from 'node:path';
import type { ComputeProfile, Config } from '@cluster-ai/contracts';
import {
  type Clock,
  type DataFolder,
  environmentsFolder,
  type Logger,
  openPythonEnvironment,
  type PythonEnvironment,
} from '@cluster-ai/runtime';
import { type ComputeCertificates, openComputeCertificates } from './certificates/compute-certificates.ts';
import { type DaskScheduler, openDaskScheduler } from './scheduler/dask-scheduler.ts';

export interface RunComputeDeps {
  readonly folder: DataFolder;
  readonly config: Config;
  readonly profile: ComputeProfile;
  /** A part of it is there, or is another one than before. */
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The parts of compute while it is enabled. They come one after the other: the scheduler needs the environment. */
export interface RunningCompute {
  readonly environment: PythonEnvironment;
  readonly certificates: ComputeCertificates;
  scheduler(): DaskScheduler | undefined;
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
  const { folder, config, profile, onChange, clock, log } = deps;
  const certificates = await openComputeCertificates(join(folder.root, 'compute', 'certificates'), clock);
  const environment = openPythonEnvironment({
    folder: environmentsFolder(folder.root),
    python: config.compute.python,
    clock,
    log,
  });
  environment.onChange(onChange);
  let scheduler: DaskScheduler | undefined;
  return {
    environment,
    certificates,
    scheduler: () => scheduler,
    async run(signal) {
      const python = await environment.ensure(signal);
      scheduler = await openDaskScheduler({
        python,
        certificates,
        config: placeOf(config),
        dashboardPort: config.compute.dashboardPort,
        profile,
        dataFolder: folder.root,
        forbidden: forbiddenIn(folder),
        onReady: () => {},
        onChange,
        clock,
        log,
      });
      onChange();
      await scheduler.run(signal);
    },
  };
}
