import { mkdir } from 'node:fs/promises';
import type { ComputeProfile, Condition } from '@cluster-ai/contracts';
import type { Clock, Logger, ReadyPython } from '@cluster-ai/runtime';
import type { ComputeCertificates } from '../certificates/compute-certificates.ts';
import { createKeptCertificate } from '../certificates/keep-certificate.ts';
import { createPythonChild, scratchOf } from '../python-child.ts';
import type { SchedulerPlace } from '../scheduler/dask-scheduler.ts';
import { GATEWAY } from './to-workers.ts';
import { gatewayMemoryBytes, gatewayResources } from './worker-spec.ts';

const threads = 16;
const retireWithinSeconds = 30;

export interface GatewayWorkerDeps {
  readonly place: () => SchedulerPlace | undefined;
  readonly python: ReadyPython;
  readonly certificates: ComputeCertificates;
  readonly profile: ComputeProfile;
  readonly dataFolder: string;
  /** What its tasks may read and write, and what they may not see. */
  readonly dataFolders: readonly string[];
  readonly forbidden: readonly string[];
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The worker beside the scheduler: it asks models for tasks, and speaks for nodes that other workers cannot reach. */
export async function openGatewayWorker(deps: GatewayWorkerDeps) {
  const { place, python, certificates, profile, dataFolder, dataFolders, forbidden, onChange, clock, log } = deps;
  const scratch = scratchOf(dataFolder, 'gateway');
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  const kept = createKeptCertificate({ certificates, name: 'gateway worker', clock, log });
  let identity = await kept.get();
  let proxied: readonly string[] = [];
  /** Of a scheduler that ended: it comes back at the same place, and is waited for there. */
  let latest: SchedulerPlace | undefined;

  const child = createPythonChild({
    name: 'gateway worker',
    module: 'worker',
    python,
    scratch,
    reasons: { starting: 'worker_starting', crashed: 'worker_crashed' },
    configuration: () => {
      latest = place() ?? latest;
      return {
        scheduler: latest?.address ?? '',
        ...{ authority: identity.authority, certificate: identity.certificate, key: identity.key },
        name: GATEWAY,
        host: latest?.host ?? '127.0.0.1',
        port: 0,
        threads,
        memoryLimitBytes: gatewayMemoryBytes,
        resources: gatewayResources(proxied),
        profile,
        scratch,
        dataFolders,
        forbidden,
        sandbox: 'required',
      };
    },
    onMessage: () => {},
    onChange,
    clock,
    log,
  });
  /** It hands over what it has, ends, and is started again with what is configured then. */
  const renew = () => void child.send({ type: 'retire', withinSeconds: retireWithinSeconds });

  return {
    condition: (): Condition => child.condition(),
    pid: child.pid,
    /** Speaks for these nodes from now on. */
    speakFor(nodeIds: readonly string[]): void {
      proxied = nodeIds;
      renew();
    },
    run: async (signal: AbortSignal): Promise<void> => {
      const onRenewed = (next: typeof identity) => {
        identity = next;
        renew();
      };
      await Promise.all([child.run(signal), kept.run(onRenewed, signal)]);
    },
  };
}
export type GatewayWorker = Awaited<ReturnType<typeof openGatewayWorker>>;
