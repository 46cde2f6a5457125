import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { ComputeProfile, Condition, Config } from '@cluster-ai/contracts';
import { aborted, type Clock, type Logger, type ReadyPython } from '@cluster-ai/runtime';
import { findOutsideAddress } from '../../nodes/listen-places.ts';
import { toAddress } from '../../nodes/listening.ts';
import type { ComputeCertificates } from '../certificates/compute-certificates.ts';
import { createKeptCertificate } from '../certificates/keep-certificate.ts';
import { createPythonChild, scratchOf } from '../python-child.ts';

/** Where Dask's scheduler listens, and how its own pages are reached. */
export interface SchedulerPlace {
  /** `tls://host:port` */
  readonly address: string;
  readonly host: string;
  readonly port: number;
  readonly dashboardPort: number;
}

export interface DaskScheduler {
  condition(): Condition;
  /** `undefined` while none is ready. */
  place(): SchedulerPlace | undefined;
  /** What requests to its pages carry, so that nobody else of this machine can read them. */
  readonly dashboardSecret: string;
  /** Of the process that runs now; for tests and people. */
  pid(): number | undefined;
  /** The first time, or when the signal aborts. */
  untilReady(signal: AbortSignal): Promise<void>;
  run(signal: AbortSignal): Promise<void>;
}

export interface DaskSchedulerDeps {
  readonly python: ReadyPython;
  readonly certificates: ComputeCertificates;
  readonly config: Config['compute']['scheduler'];
  readonly dashboardPort: number;
  readonly profile: ComputeProfile;
  readonly dataFolder: string;
  /** Where keys and state of this machine lie. */
  readonly forbidden: readonly string[];
  /** It began to run, or to run again: what was connected to the one before is not. */
  readonly onReady: () => void;
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A task that ends its worker is given up after the second: workers are dear where models are loaded, and code runs in children of them. */
const allowedFailures = 1;
const noWorkersTimeoutSeconds = 300;

/** Dask's scheduler, as a process of its own. */
export async function openDaskScheduler(deps: DaskSchedulerDeps): Promise<DaskScheduler> {
  const { python, certificates, config, dashboardPort, profile, dataFolder, forbidden, onReady, onChange, clock, log } = deps;
  const scratch = scratchOf(dataFolder, 'scheduler');
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  const kept = createKeptCertificate({ certificates, name: 'scheduler', clock, log });
  const dashboardSecret = randomBytes(32).toString('hex');
  let identity = await kept.get();
  // workers and clients dial the same place after it was started again
  let port = config.port;
  let place: SchedulerPlace | undefined;
  const ready = Promise.withResolvers<void>();

  const child = createPythonChild({
    name: 'scheduler',
    module: 'scheduler',
    python,
    scratch,
    reasons: { starting: 'scheduler_starting', crashed: 'scheduler_crashed' },
    configuration: () => ({
      host: config.host,
      port,
      dashboardPort,
      dashboardPrefix: '/dask',
      dashboardSecret,
      authority: identity.authority,
      certificate: identity.certificate,
      key: identity.key,
      profile,
      allowedFailures,
      noWorkersTimeoutSeconds,
      scratch,
      modules: python.sources.modules,
      forbidden,
    }),
    onMessage(message) {
      if (message['type'] !== 'ready') return;
      port = Number(message['port']);
      const host = dialled(config.host);
      place = { address: `tls://${toAddress(host, port)}`, host, port, dashboardPort: Number(message['dashboardPort']) };
      log.info({ address: place.address, sandbox: message['sandbox'] }, 'The scheduler is ready');
    },
    onChange() {
      if (child.condition().state === 'ready') {
        ready.resolve();
        onReady();
      } else place = undefined;
      onChange();
    },
    clock,
    log,
  });

  return {
    condition: child.condition,
    place: () => (child.condition().state === 'ready' ? place : undefined),
    dashboardSecret,
    pid: child.pid,
    untilReady: (signal) => Promise.race([ready.promise, aborted(signal)]),
    run: async (signal) => {
      const onRenewed = (next: typeof identity) => {
        identity = next;
        child.send({ type: 'certificate', certificate: next.certificate, key: next.key });
      };
      await Promise.all([child.run(signal), kept.run(onRenewed, signal)]);
    },
  };
}

/** Where others dial what listens on every address of this machine. */
const dialled = (host: string) => (host === '0.0.0.0' || host === '::' ? (findOutsideAddress() ?? '127.0.0.1') : host);
